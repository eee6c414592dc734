import assert from "node:assert/strict";
import { test } from "node:test";

import { askAgain, untilAnswered } from "../../../web/core/answered.js";

const world = (said = []) => ({
  ready: async () => said.push("ready"),
  pause: async (ms) => said.push(ms),
  again: (tries) => said.push(`again ${tries}`),
});

test("a lost answer is asked for again, with growing pauses, and only when the connection is up", async () => {
  const said = [];
  let asked = 0;
  const send = async () => {
    asked += 1;
    if (asked === 1) throw { code: 2, message: "transport closed" };
    if (asked === 2) throw { code: 1080, message: "busy", temporary: true };
    return "leading";
  };
  assert.equal(await untilAnswered(send, world(said)), "leading");
  assert.deepEqual(said, ["ready", "again 1", 250, "ready", "again 2", 500, "ready"]);
});

test("an error that asking again cannot mend is told at once", async () => {
  await assert.rejects(
    untilAnswered(async () => Promise.reject({ code: 107, message: "malformed", temporary: false }), world()),
    { code: 107 },
  );
});

test("which errors are worth another try", () => {
  assert.ok(askAgain({ code: 1 }) && askAgain({ code: 11 }) && askAgain({ code: 1081, temporary: true }));
  assert.ok(!askAgain({ code: 101 }) && !askAgain({ code: 1055 }) && !askAgain(new TypeError("ours")));
});
