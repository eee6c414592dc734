// One lot as this page knows it: a view from the server, kept up to date by the publications of its channel. Pure.

import { parseTime } from "./clock.js";
import { bandsOf, stepAt } from "./steps.js";

const OPEN = new Set(["live", "paused", "closing"]);
const OVER = new Set(["sold", "unsold", "settled", "defaulted", "cancelled"]);

/** Whether bids may come (or are only held up). */
export const isOpen = (lot) => OPEN.has(lot.state);
/** Whether there will be no more bids. */
export const isOver = (lot) => OVER.has(lot.state);

/**
 * The lot after a publication. Unknown types change nothing but the offset.
 * @param {any} lot
 * @param {any} event
 * @param {number} [offset]
 */
export function apply(lot, event, offset) {
  if (offset !== undefined && lot.offset !== undefined && offset <= lot.offset) return lot;
  const change = CHANGES[event.type]?.(event, lot) ?? {};
  const next = { ...lot, ...change };
  if (offset !== undefined) next.offset = offset;
  if (next.mine) next.mine = standing(next, lot);
  return next;
}

const pick = (event, ...names) => Object.fromEntries(names.filter((name) => name in event).map((name) => [name, event[name]]));

const CHANGES = {
  auction_opened: (event) => ({ state: "live", ...pick(event, "price", "next_bid", "ends_at", "absolute_end_at") }),
  bid_placed: (event) => pick(event, "price", "next_bid", "leader", "bids", "bidders", "reserve", "ends_at"),
  bids_retracted: (event) => pick(event, "price", "next_bid", "leader", "reserve"),
  auction_paused: (event) => ({ state: "paused", paused_remaining_ms: event.remaining_ms ?? null }),
  auction_resumed: (event) => ({ state: "live", paused_remaining_ms: null, ...pick(event, "ends_at", "absolute_end_at") }),
  auction_closing: () => ({ state: "closing" }),
  auction_sold: (event, lot) => ({
    state: "sold",
    price: event.hammer ?? lot.price,
    leader: event.leader ?? lot.leader,
    outcome: { ...(lot.outcome ?? {}), result: "sold", hammer: event.hammer, leader: event.leader },
  }),
  auction_unsold: (event, lot) => ({ state: "unsold", outcome: { ...(lot.outcome ?? {}), result: "unsold" } }),
  auction_settled: () => ({ state: "settled" }),
  auction_defaulted: () => ({ state: "defaulted" }),
  auction_cancelled: (event) => ({ state: "cancelled", outcome: { result: "cancelled", reason: event.reason ?? null } }),
};

/** Whoever no longer leads holds nothing: the server released it in the same transaction. */
function standing(next, before) {
  const leading = next.leader !== null && next.leader === next.mine.paddle;
  if (leading || !before.mine?.leading) return { ...next.mine, leading };
  return { ...next.mine, leading: false, hold: 0 };
}

/** Whether a publication can only be understood by asking for the view anew. */
export function needsView(event) {
  return event.type === "auction_changed" || event.type === "bids_retracted" || !(event.type in CHANGES);
}

/**
 * The lot after the answer to our own bid. The paddle and the hold come with the next view.
 * @param {any} lot
 * @param {any} decision
 */
export function decided(lot, decision) {
  if (lot.seq !== undefined && decision.seq < lot.seq) return lot;
  const next = { ...lot, ...pick(decision, "price", "next_bid", "ends_at", "bids") };
  next.mine = {
    ...(lot.mine ?? { paddle: null, hold: 0 }),
    leading: decision.leading,
    max: decision.my_max ?? lot.mine?.max ?? null,
  };
  return next;
}

/**
 * A view replaces what we know, unless it is older than the publications that came meanwhile.
 * @param {any} lot
 * @param {any} view
 */
export function renewed(lot, view) {
  if (!lot || view.offset === undefined || lot.offset === undefined || view.offset >= lot.offset) return { ...lot, ...view };
  const { mine, artwork, seller, rules, clerk, reserve_amount } = view;
  return { ...lot, mine, artwork, seller, rules, clerk, reserve_amount };
}

/** The step at the present price. */
export function stepOf(lot) {
  const known = stepAt(bandsOf(lot.rules?.steps), lot.price ?? lot.opening_bid);
  // Without a table any higher amount will do; the buttons then go by twentieths of the opening bid.
  return known ?? Math.max(1, Math.round(lot.opening_bid / 20));
}

/**
 * The amounts of the step buttons: the next possible bid and a few steps above it.
 * @param {any} lot
 * @param {number} [many]
 */
export function offers(lot, many = 3) {
  const bands = bandsOf(lot.rules?.steps);
  const amounts = [];
  let amount = lot.next_bid ?? lot.opening_bid;
  for (let n = 0; n < many; n += 1) {
    amounts.push(amount);
    amount += stepAt(bands, amount) ?? stepOf(lot);
  }
  return amounts;
}

/** Many steps at once is more often a slip of the finger than a wish: such a bid is asked about once more. */
export const LARGE_JUMP_STEPS = 10;

/** Whether an amount is far above what is needed. */
export function isLargeJump(lot, amount) {
  const next = lot.next_bid ?? lot.opening_bid;
  // The server asks, too, from its own limit on: `auction.confirm_needed`.
  const asked = lot.rules?.confirm_times ? amount > next * lot.rules.confirm_times : false;
  return asked || amount - next >= LARGE_JUMP_STEPS * stepOf(lot);
}

/**
 * What the clock of a lot shows.
 * @returns {{form: "starts" | "ends" | "paused" | "confirming" | "over", ms: number | null}}
 */
export function remaining(lot, now) {
  if (isOver(lot)) return { form: "over", ms: null };
  if (lot.state === "closing") return { form: "confirming", ms: 0 };
  if (lot.state === "paused") return { form: "paused", ms: lot.paused_remaining_ms ?? null };
  const start = lot.state === "scheduled";
  const at = start ? lot.starts_at : lot.ends_at;
  if (!at) return { form: start ? "starts" : "ends", ms: null };
  const ms = parseTime(at) - now;
  return ms <= 0 ? { form: "confirming", ms: 0 } : { form: start ? "starts" : "ends", ms };
}
