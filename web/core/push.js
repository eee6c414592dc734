// Ringing through the browser's own push service, for when the page is closed.

import { api } from "./api.js";

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
  const registration = await navigator.serviceWorker.ready;
  const { key } = await api("GET", "/push/key");
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
  const { endpoint, keys } = subscription.toJSON();
  await api("POST", "/devices", { body: { kind: "web_push", endpoint, keys } });
  return "on";
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
