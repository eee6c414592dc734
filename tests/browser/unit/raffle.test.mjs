import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, needsView, oneIn, renewed } from "../../../web/core/raffle.js";

const open = { state: "open", entries: 1, participants: 1, odds: 1, offset: 4, mine: null };

test("a raffle follows its channel, and old news changes nothing", () => {
  const entered = { type: "entered", entries: 5, participants: 3, odds: 0.2 };
  const next = apply(open, entered, 5);
  assert.deepEqual([next.entries, next.participants, next.odds, next.offset], [5, 3, 0.2, 5]);
  assert.equal(apply(next, { ...entered, entries: 4 }, 5), next);
  const frozen = apply(next, { type: "list_frozen", list_hash: "ab", at: "t" }, 6);
  assert.deepEqual([frozen.state, frozen.list_hash], ["frozen", "ab"]);
  const drawn = apply(frozen, { type: "drawn", seed: "s", winners: [{ prize: 1, ticket: 2, participant: 1 }], at: "u" }, 8);
  assert.deepEqual([drawn.state, drawn.winners.length, drawn.seed], ["drawn", 1, "s"]);
});

test("a draw is looked up for one's own prizes, an entry is not", () => {
  assert.ok(needsView({ type: "drawn" }) && needsView({ type: "prizes_added" }) && needsView({ type: "something_new" }));
  assert.ok(!needsView({ type: "entered" }) && !needsView({ type: "draw_due" }));
});

test("an older view brings one's own part only", () => {
  const now = renewed({ ...open, offset: 9, entries: 7 }, { ...open, mine: { entries: 2 }, prizes: [1] });
  assert.deepEqual([now.entries, now.mine.entries, now.offset], [7, 2, 9]);
});

test("odds in words", () => {
  assert.equal(oneIn(1), null);
  assert.equal(oneIn(0.25), 4);
  assert.equal(oneIn(3 / 10), 3.3);
});
