// The alarm clock of who is signed in: one copy for all pages, kept in step by its channel.

import { api } from "./api.js";
import { sessionOf } from "./alarm-session.js";
import { watchChannel } from "./live.js";
import { session } from "./session.js";
import { Store } from "./store.js";

/**
 * @type {Store<null | {alarms: any[], session: any, streak: any, plan: any, zone: string}>} null until it was read, and
 *   for nobody
 */
export const clockwork = new Store(null);

let owner = null;
let leave = null;
let asking = null;

/** Follows the clock of whoever is signed in. */
export function startAlarms() {
  session.watch(({ user }) => {
    if ((user?.id ?? null) === owner) return;
    owner = user?.id ?? null;
    leave?.abort();
    clockwork.set(null);
    if (owner === null) return;
    leave = new AbortController();
    renewAlarms();
    watchChannel(
      `alarm:${owner}`,
      {
        subscribed: (view) => (view?.alarms ? accept(view) : renewAlarms()),
        publication: () => renewAlarms(),
      },
      leave.signal,
    );
  });
}

/** Reads the clock anew; many calls at once make one question, and one more after it. */
export function renewAlarms() {
  if (owner === null) return Promise.resolve();
  if (asking) {
    asking.again = true;
    return asking.done;
  }
  const mine = { again: false, done: null };
  asking = mine;
  mine.done = (async () => {
    const whose = owner;
    try {
      const view = await api("GET", "/alarms");
      if (whose === owner && whose !== null) accept(view);
    } catch {
      // The last known state stays; the channel or the next page asks again.
    } finally {
      asking = null;
      if (mine.again) renewAlarms();
    }
  })();
  return mine.done;
}

/** Takes a view that came with an answer. */
export function accept(view) {
  clockwork.set({ ...view, session: sessionOf(view.session) });
}
