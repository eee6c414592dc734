// Ringing through the browser's own push service, for when the page is closed.

import { api } from "./api.js";
import { session } from "./session.js";

/** How often the server is told anew where this browser is rung, in milliseconds: push services forget, and keys change. */
const TELL_AGAIN_AFTER = 24 * 60 * 60 * 1000;
const TOLD = "madang.push.told";

/** Whether this browser can be rung while the page is closed. */
export const pushable = () => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

/** Starts the service worker, which also keeps the pages for when there is no connection. */
export async function startWorker() {
  if (!("serviceWorker" in navigator)) return null;
  try {
    return await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
  } catch {
    // Private windows and old browsers: the pages work without.
    return null;
  }
}

/** @returns {Promise<"off" | "on" | "blocked" | "impossible">} how it stands in this browser */
export async function pushState() {
  if (!pushable()) return "impossible";
  if (Notification.permission === "denied") return "blocked";
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  return subscription ? "on" : "off";
}

/** Asks the person and tells the server where to ring. @returns the state after it */
export async function pushOn() {
  if ((await Notification.requestPermission()) !== "granted") return "blocked";
  await startWorker();
  await subscribe();
  return "on";
}

/** Subscribes with the server's present key, anew where that has changed, and tells the server. */
async function subscribe() {
  const registration = await navigator.serviceWorker.ready;
  const { key } = await api("GET", "/push/key");
  const wanted = bytesOf(key);
  const known = await registration.pushManager.getSubscription();
  const fits = known && sameBytes(new Uint8Array(known.options?.applicationServerKey ?? []), wanted);
  if (known && !fits) await known.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: wanted };
  const subscription = fits ? known : await registration.pushManager.subscribe(options);
  const { endpoint, keys } = subscription.toJSON();
  await api("POST", "/devices", { body: { kind: "web_push", endpoint, keys } });
  remember({ user: session.value.user?.id ?? null, endpoint, at: Date.now() });
}

/** Keeps the server's idea of this browser fresh for whoever is signed in: once a day, and when anything about it changed. */
export function startPush() {
  let owner = null;
  const refresh = () => refreshPush().catch(() => {});
  session.watch(({ user }) => {
    if ((user?.id ?? null) === owner) return;
    owner = user?.id ?? null;
    if (owner !== null) refresh();
  });
  navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.type === "push-changed" && refresh());
}

async function refreshPush() {
  if (session.value.user === null || (await pushState()) !== "on") return;
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  const told = recall();
  const known = told.user === session.value.user?.id && told.endpoint === subscription?.endpoint;
  if (known && Date.now() - told.at < TELL_AGAIN_AFTER) return;
  await subscribe();
}

function remember(told) {
  try {
    localStorage.setItem(TOLD, JSON.stringify(told));
  } catch {
    // Told again the next time.
  }
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(TOLD)) ?? {};
  } catch {
    return {};
  }
}

function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

export async function pushOff() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  await subscription?.unsubscribe();
  return "off";
}

/** Bytes of base64url, as `subscribe` wants them. */
function bytesOf(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
