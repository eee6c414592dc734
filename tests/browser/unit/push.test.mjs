import assert from "node:assert/strict";
import { test } from "node:test";

// Tabs of a browser tell each other who is signed in; here is one alone.
globalThis.addEventListener ??= () => {};
const { startPush } = await import("../../../web/core/push.js");
const { session } = await import("../../../web/core/session.js");

const DAY = 24 * 60 * 60 * 1000;
const KEYS = { old: "b2xk", new: "bmV3" };
const bytes = (key) => Uint8Array.from(atob(key), (letter) => letter.charCodeAt(0)).buffer;

/** A browser with a push service, and the server that it tells. */
class Scene {
  key = KEYS.old;
  subscription = null;
  told = [];
  #made = 0;
  #heard = null;

  constructor() {
    const kept = new Map();
    const pushManager = {
      getSubscription: async () => this.subscription,
      subscribe: async ({ applicationServerKey }) => this.subscribe(applicationServerKey.buffer),
    };
    const registration = { pushManager };
    const serviceWorker = {
      ready: Promise.resolve(registration),
      getRegistration: async () => registration,
      addEventListener: (_, listener) => (this.#heard = listener),
    };
    const fakes = {
      navigator: { serviceWorker },
      PushManager: class {},
      Notification: { permission: "granted" },
      localStorage: {
        getItem: (name) => kept.get(name) ?? null,
        setItem: (name, value) => void kept.set(name, value),
        removeItem: (name) => void kept.delete(name),
      },
      fetch: async (path, { body }) => this.#answer(path, body),
    };
    for (const [name, value] of Object.entries(fakes)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
  }

  subscribe(applicationServerKey) {
    const endpoint = `https://push.example/${(this.#made += 1)}`;
    this.subscription = {
      endpoint,
      options: { applicationServerKey },
      toJSON: () => ({ endpoint, keys: { p256dh: "p", auth: "a" } }),
      unsubscribe: async () => (this.subscription = null),
    };
    return this.subscription;
  }

  #answer(path, body) {
    if (path.endsWith("/push/key")) return Response.json({ key: this.key });
    this.told.push(JSON.parse(body).endpoint.at(-1));
    return new Response(null, { status: 204 });
  }

  /** What the service worker says when the subscription changed; then everything that follows from it. */
  async changed() {
    this.#heard({ data: { type: "push-changed" } });
    await settled();
  }
}

async function settled() {
  for (let n = 0; n < 20; n += 1) await new Promise((done) => setImmediate(done));
}

test("the server is told where to ring once a day, and when that changed", async (context) => {
  context.mock.timers.enable({ apis: ["Date"] });
  const scene = new Scene();
  startPush();
  session.set({ ready: true, user: { id: 1 } });
  await settled();
  assert.deepEqual(scene.told, [], "who was never asked is not subscribed");

  scene.subscribe(bytes(KEYS.old));
  await scene.changed();
  await scene.changed();
  assert.deepEqual(scene.told, ["1"], "nothing changed since");
  context.mock.timers.tick(DAY);
  await scene.changed();
  assert.deepEqual(scene.told, ["1", "1"], "push services forget");

  scene.subscribe(bytes(KEYS.old));
  await scene.changed();
  assert.deepEqual(scene.told, ["1", "1", "2"], "the push service gave another address");

  scene.key = KEYS.new;
  context.mock.timers.tick(DAY);
  await scene.changed();
  assert.deepEqual(scene.told, ["1", "1", "2", "3"], "with the server's new key it is another subscription");

  session.set({ ready: true, user: { id: 2 } });
  await settled();
  assert.deepEqual(scene.told, ["1", "1", "2", "3", "3"], "somebody else signed in here");
  session.set({ ready: true, user: null });
  scene.subscribe(bytes(KEYS.new));
  await scene.changed();
  assert.deepEqual(scene.told.length, 5, "nobody is signed in");
});
