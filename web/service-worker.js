// Rings while no page is open, and keeps the pages for when there is no connection.
//
// Served at the root, so that its scope is the whole site. The pages of one version are immutable, so what was fetched once
// is good; the shell is asked for anew whenever there is a network.

const SHELL = "madang-shell";
const PACK = "madang-pack";
/** Pages that are worth having without a connection; all are the same shell. */
const HOME = "/";
/** How long a navigation waits for the network before the kept shell is shown, in milliseconds. */
const PATIENCE = 4000;
const SHAKE = [500, 250, 500, 250, 900];

self.addEventListener("install", (event) => event.waitUntil(keepShell().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** Fetches the shell and everything that it names. */
async function keepShell() {
  const cache = await caches.open(SHELL);
  const answer = await fetch(HOME, { cache: "no-cache" });
  if (!answer.ok) return;
  const text = await answer.clone().text();
  const named = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  const base = named[0]?.split("/").slice(0, 3).join("/");
  const words = await Promise.all(["ko", "en"].map((tag) => withImports(`${base}/i18n/${tag}.js`)));
  await Promise.allSettled(
    [...new Set([...named, ...words.flat(), `${base}/vendor/centrifuge.js`])].map((path) => cache.add(path)),
  );
  await cache.put(HOME, answer);
  for (const old of await cache.keys()) {
    const { pathname } = new URL(old.url);
    if (pathname.startsWith("/assets/") && !pathname.startsWith(`${base}/`)) await cache.delete(old);
  }
}

/** A module's address and those of all that it imports: words are the one thing that the shell does not name. */
async function withImports(path) {
  const answer = await fetch(path).catch(() => null);
  if (!answer?.ok) return [];
  const imported = [...(await answer.text()).matchAll(/ from "(\.\/[^"]+)"/g)].map(
    ([, name]) => new URL(name, answer.url).pathname,
  );
  return [path, ...(await Promise.all(imported.map(withImports))).flat()];
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(shell(request));
  else if (pathname.startsWith("/assets/")) event.respondWith(asset(request, pathname));
  else if (pathname.startsWith("/objects/")) event.respondWith(fetch(request).catch(() => kept(PACK, request)));
});

async function shell(request) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("late")), PATIENCE));
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    const cached = await caches.match(HOME, { cacheName: SHELL });
    return cached ?? fetch(request);
  }
}

/** What never changes comes from here; what may change (a server that is being worked on) from there while it can. */
async function asset(request, pathname) {
  const cache = await caches.open(SHELL);
  const fresh = async () => {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  };
  if (pathname.startsWith("/assets/dev/")) return fresh().catch(() => kept(SHELL, request));
  return (await cache.match(request)) ?? fresh();
}

async function kept(cacheName, request) {
  return (await caches.match(request, { cacheName })) ?? Response.error();
}

self.addEventListener("push", (event) => {
  let notice = {};
  try {
    notice = event.data?.json() ?? {};
  } catch {
    notice = { title: event.data?.text() };
  }
  const { title = "Madang", body = "", tag, href = "/notices", urgent = false } = notice;
  event.waitUntil(
    self.registration.showNotification(title, {
      body,
      tag,
      renotify: Boolean(urgent && tag),
      requireInteraction: urgent,
      vibrate: urgent ? SHAKE : undefined,
      data: { href },
    }),
  );
});

// The browser's push service gave another address: an open page tells the server, else the next one that is opened.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewSubscription(event)));

async function renewSubscription({ oldSubscription, newSubscription }) {
  const options = oldSubscription?.options;
  if (!newSubscription && options) await self.registration.pushManager.subscribe(options).catch(() => {});
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const page of windows) page.postMessage({ type: "push-changed" });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.href ?? "/"));
});

async function open(href) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = windows.find((one) => "focus" in one);
  if (!page) return self.clients.openWindow(href);
  await page.navigate(href).catch(() => {});
  return page.focus();
}
