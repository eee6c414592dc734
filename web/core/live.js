// The live side of the API: one connection, any number of watched channels, commands as rpc.
//
// The official client does the reconnecting, the recovering of missed publications and the fall-back to HTTP streams.
// This file keeps it in step with who is signed in, and shares one subscription among all who watch a channel.

import "../vendor/centrifuge.js";
import { clock } from "./clock.js";
import { accessToken, renew, session } from "./session.js";
import { Store } from "./store.js";

const { Centrifuge } = globalThis;

/** How often the clock is compared with the server's, in milliseconds. */
const SYNC_EVERY = 30_000;
/** How long a subscription outlives its last watcher, in milliseconds. */
const LINGER = 1000;

/** "connecting" at first, "live", "reconnecting" after a loss, "offline" when the browser has no network, "closed". */
export const connection = new Store("connecting");

const channels = new Map();
let client = null;
let owner;
let wasLive = false;

/** Opens the connection and follows the sign-in. */
export function start() {
  session.watch(({ ready, user }) => {
    if (!ready || (client && owner === (user?.id ?? null))) return;
    owner = user?.id ?? null;
    reopen();
  });
  setInterval(syncClock, SYNC_EVERY);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") syncClock();
  });
  addEventListener("offline", () => connection.set("offline"));
  addEventListener("online", () => {
    if (connection.value === "offline") connection.set("reconnecting");
  });
}

function endpoints() {
  const socket = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
  return [
    { transport: "websocket", endpoint: `${socket}/connection/websocket` },
    { transport: "http_stream", endpoint: `${location.origin}/connection/http_stream` },
    { transport: "sse", endpoint: `${location.origin}/connection/sse` },
  ];
}

function reopen() {
  // Disconnected first: leaving channels one by one would write to a socket that the server may have closed already.
  client?.disconnect();
  for (const channel of channels.values()) detach(channel);
  const options = {
    name: "madang-web",
    minReconnectDelay: 300,
    maxReconnectDelay: 5000,
    emulationEndpoint: `${location.origin}/emulation`,
  };
  if (owner !== null) options.getToken = token;
  const opened = new Centrifuge(endpoints(), options);
  client = opened;
  opened.on("connecting", () => {
    if (client === opened) connection.set(navigator.onLine === false ? "offline" : wasLive ? "reconnecting" : "connecting");
  });
  opened.on("connected", () => {
    if (client !== opened) return;
    wasLive = true;
    connection.set("live");
    syncClock();
  });
  opened.on("disconnected", ({ code }) => {
    if (client === opened && code !== 0) setTimeout(() => client === opened && comeBack(), 2000);
    if (client === opened) connection.set("closed");
  });
  for (const channel of channels.values()) if (channel.watchers.size > 0) attach(channel);
  opened.connect();
}

/** The server closed for good, such as after signing out elsewhere: come back as whoever we now are. */
function comeBack() {
  accessToken().then(() => {
    if (connection.value === "closed") reopen();
  });
}

let given = null;

/** For the client library, which asks at first and whenever the server does not take the token any more. */
async function token() {
  let held = await accessToken();
  if (held !== null && held === given) held = await renew();
  given = held;
  if (!held) throw new Centrifuge.UnauthorizedError("signed out");
  return held;
}

function attach(channel) {
  const made = client.newSubscription(channel.name);
  channel.subscription = made;
  made.on("subscribed", (context) => {
    if (channel.subscription !== made) return;
    const lost = context.wasRecovering && !context.recovered;
    const view = context.data ? { offset: context.streamPosition?.offset, ...context.data } : null;
    for (const watcher of channel.watchers) watcher.subscribed?.(view, { lost });
  });
  made.on("publication", ({ data, offset }) => {
    if (channel.subscription !== made) return;
    for (const watcher of channel.watchers) watcher.publication?.(data, offset);
  });
  made.on("error", ({ error }) => {
    for (const watcher of channel.watchers) watcher.error?.(error);
  });
  made.subscribe();
}

function detach(channel) {
  const { subscription } = channel;
  channel.subscription = null;
  if (!subscription) return;
  subscription.unsubscribe();
  subscription.removeAllListeners();
  client.removeSubscription(subscription);
}

/**
 * Watches a channel until the signal aborts. The subscription is shared, and ends a moment after its last watcher: the next
 * page, or a card that only moved, may want the same. Who joins a running one gets no snapshot, but `subscribed(null)`.
 * @param {string} name
 * @param {{subscribed?: (data: any, info: {lost: boolean}) => void, publication?: (data: any, offset: number) => void,
 *   error?: (error: any) => void}} watcher
 * @param {AbortSignal} signal
 */
export function watchChannel(name, watcher, signal) {
  if (signal.aborted) return;
  let channel = channels.get(name);
  if (!channel) {
    channel = { name, watchers: new Set(), subscription: null };
    channels.set(name, channel);
  }
  if (!channel.subscription) {
    if (client) attach(channel);
  } else if (channel.subscription.state === "subscribed") {
    queueMicrotask(() => signal.aborted || watcher.subscribed?.(null, { lost: false }));
  }
  channel.watchers.add(watcher);
  signal.addEventListener("abort", () => leave(channel, watcher), { once: true });
}

function leave(channel, watcher) {
  channel.watchers.delete(watcher);
  setTimeout(() => {
    if (channel.watchers.size > 0 || channels.get(channel.name) !== channel) return;
    channels.delete(channel.name);
    detach(channel);
  }, LINGER);
}

/** How many connections watch a channel now; null when it cannot be told. */
export async function viewers(name) {
  const subscription = channels.get(name)?.subscription;
  if (!subscription || connection.value !== "live") return null;
  try {
    return (await subscription.presenceStats()).numClients;
  } catch {
    return null;
  }
}

/**
 * One command or query. Rejects with `{code, message, temporary}`: codes below 100 mean that the answer was lost on the way.
 * @param {string} method
 * @param {any} data
 */
export async function rpc(method, data) {
  if (!client) throw { code: 3, message: "not connected" };
  return (await client.rpc(method, data)).data;
}

/** Resolves when the connection is up. */
export function whenLive(signal) {
  return new Promise((resolve, reject) => {
    const own = new AbortController();
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true, signal: own.signal });
    connection.watch((state) => {
      if (state !== "live") return;
      own.abort();
      resolve();
    }, own.signal);
  });
}

let syncing = false;

async function syncClock() {
  if (syncing || connection.value !== "live") return;
  syncing = true;
  try {
    await clock.measure((t0) => rpc("time.sync", { t0 }));
  } catch {
    // The next round or the next connection asks again; until then the last measurement holds.
  } finally {
    syncing = false;
  }
}
