import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, decided, isLargeJump, needsView, offers, remaining, renewed } from "../../../web/core/lot.js";

const LOT = {
  id: 7,
  state: "live",
  currency: "KRW",
  opening_bid: 100_000,
  price: 120_000,
  next_bid: 130_000,
  leader: 3,
  bids: 4,
  bidders: 2,
  seq: 9,
  offset: 5,
  ends_at: "2026-01-01T00:10:00Z",
  rules: { bidding: "proxy", steps: "won" },
  mine: { paddle: 3, leading: true, max: 200_000, hold: 200_000 },
};
const BID = {
  type: "bid_placed",
  price: 210_000,
  next_bid: 220_000,
  leader: 4,
  bids: 5,
  bidders: 3,
  reserve: "met",
  ends_at: "2026-01-01T00:12:00Z",
};

test("a bid moves the price, and who is outbid holds nothing any more", () => {
  const lot = apply(LOT, BID, 6);
  assert.equal(lot.price, 210_000);
  assert.deepEqual(lot.mine, { paddle: 3, leading: false, max: 200_000, hold: 0 });
  assert.equal(lot.ends_at, BID.ends_at);
});

test("a publication that is contained already changes nothing", () => {
  assert.equal(apply(LOT, BID, 5), LOT);
});

test("an older view does not undo newer publications, but brings what only views tell", () => {
  const lot = apply(LOT, BID, 6);
  const view = { ...LOT, mine: { paddle: 3, leading: false, max: 200_000, hold: 0 } };
  assert.equal(renewed(lot, view).price, 210_000);
  assert.equal(renewed(lot, { ...LOT, price: 1, offset: 8 }).price, 1);
});

test("our own answer is shown at once, but never over a newer state", () => {
  const answer = { result: "leading", price: 220_000, next_bid: 230_000, leading: true, my_max: 300_000, bids: 6, seq: 10 };
  assert.equal(decided(LOT, answer).mine.max, 300_000);
  assert.equal(decided({ ...LOT, seq: 11 }, answer).price, LOT.price);
});

test("the states follow the publications", () => {
  const paused = apply(LOT, { type: "auction_paused", remaining_ms: 4000 }, 6);
  assert.deepEqual(remaining(paused, 0), { form: "paused", ms: 4000 });
  const resumed = apply(paused, { type: "auction_resumed", ends_at: "2026-01-01T01:00:00Z" }, 7);
  assert.equal(resumed.state, "live");
  const sold = apply(resumed, { type: "auction_sold", hammer: 120_000, leader: 3 }, 8);
  assert.deepEqual([sold.state, sold.price, sold.outcome.result], ["sold", 120_000, "sold"]);
  assert.ok(needsView({ type: "auction_changed" }) && needsView({ type: "something_new" }) && !needsView(BID));
});

test("at zero the clock says confirming, never sold", () => {
  assert.equal(remaining(LOT, Date.parse(LOT.ends_at) + 5000).form, "confirming");
  assert.deepEqual(remaining(LOT, Date.parse(LOT.ends_at) - 1500), { form: "ends", ms: 1500 });
});

test("the buttons offer the next bids by the table, across its bands", () => {
  assert.deepEqual(offers({ ...LOT, next_bid: 490_000 }), [490_000, 500_000, 550_000]);
});

test("a large jump is ten steps or more", () => {
  assert.ok(!isLargeJump(LOT, 229_999));
  assert.ok(isLargeJump(LOT, 230_000));
  const rules = { ...LOT.rules, steps: { own: [{ from: 0, step: 1_000_000 }] }, confirm_times: 100 };
  assert.ok(!isLargeJump({ ...LOT, rules }, 1_000_000));
  assert.ok(isLargeJump({ ...LOT, next_bid: 1_000, rules }, 100_001), "or what the server asks about");
});
