// Our own bids on their way.

import { untilAnswered } from "./answered.js";
import { rpc, whenLive } from "./live.js";
import { session } from "./session.js";
import { Store } from "./store.js";
import { renewWallet } from "./wallet.js";

const KEY = "madang.bids-in-flight";

/**
 * Bids without an answer yet, by command id. `tries` counts the repetitions.
 * @type {Store<Array<{id: string, user: number, auction: number, max: {amount: number, currency: string}, confirm: boolean, tries: number}>>}
 */
export const inFlight = new Store([]);

/** Told of every answer: `{bid, decision}`, or `{bid, error}` where there will be none. @type {Set<Function>} */
const listeners = new Set();

/** Hears answers until the signal aborts, also those to bids of before a reload. */
export function onAnswer(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
}

inFlight.watch((bids) => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(bids));
  } catch {
    // Then a reload forgets them; the server still decides them once.
  }
});

/**
 * Places a bid: a maximum, of which no more than needed is used.
 * @param {number} auction
 * @param {{amount: number, currency: string}} max
 * @param {boolean} confirm whether the person was asked about a far too high amount, and meant it
 */
export function place(auction, max, confirm = false) {
  return ask({ id: crypto.randomUUID(), user: session.value.user.id, auction, max, confirm, tries: 0 });
}

async function ask(bid) {
  inFlight.set([...inFlight.value, bid]);
  let answer;
  try {
    answer = { bid, decision: await untilAnswered(() => send(bid), world(bid)) };
  } catch (error) {
    answer = { bid, error };
  }
  inFlight.set(inFlight.value.filter(({ id }) => id !== bid.id));
  renewWallet();
  for (const listener of [...listeners]) listener(answer);
}

function send({ id, auction, max, confirm }) {
  return rpc("auction.bid", { auction, max, ...(confirm ? { confirm } : {}), command_id: id });
}

function world(bid) {
  return {
    ready: whenLive,
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
    again: (tries) => inFlight.set(inFlight.value.map((known) => (known.id === bid.id ? { ...known, tries } : known))),
  };
}

/** After a reload: asks again for what had no answer when the page went away. */
export function resumeBids() {
  let kept = [];
  try {
    kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  } catch {
    return;
  }
  const stop = session.watch(({ ready, user }) => {
    if (!ready) return;
    queueMicrotask(() => stop());
    for (const bid of kept.filter((bid) => bid.user === user?.id)) ask(bid);
  });
}
