import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerClock, best, parseTime, parts, sample } from "../../../web/core/clock.js";

test("four stamps give the offset when both ways take equally long", () => {
  // The server is 5000 ahead; each way takes 20, the answer 3.
  assert.deepEqual(sample({ t0: 100, t1: 5120, t2: 5123, t3: 143 }), { offset: 5000, delay: 40 });
});

test("the sample with the least delay is taken", () => {
  assert.deepEqual(
    best([
      { offset: 1, delay: 90 },
      { offset: 2, delay: 12 },
      { offset: 3, delay: 40 },
    ]),
    { offset: 2, delay: 12 },
  );
});

test("a measurement asks five times and follows the least disturbed answer", async () => {
  let monotonic = 0;
  const clock = new ServerClock(
    () => monotonic,
    () => 77,
  );
  const ways = [
    [10, 300],
    [10, 10],
    [200, 10],
    [50, 50],
    [10, 400],
  ];
  let asked = 0;
  const server = () => monotonic + 1_000_000;
  await clock.measure(
    async () => {
      const [there, back] = ways[asked];
      asked += 1;
      monotonic += there;
      const t = server();
      monotonic += back;
      return { t1: t, t2: t };
    },
    async () => {},
  );
  assert.equal(asked, 5);
  assert.equal(clock.now(), server());
  assert.equal(clock.uncertainty, 10);
  assert.ok(clock.synced);
});

test("until the server was asked, the wall clock is the guess", () => {
  const clock = new ServerClock(
    () => 50,
    () => 1050,
  );
  assert.equal(clock.now(), 1050);
  assert.ok(!clock.synced);
});

test("setting the computer's watch moves nothing", () => {
  let wall = 1000;
  const clock = new ServerClock(
    () => 5,
    () => wall,
  );
  wall = 999_999;
  assert.equal(clock.now(), 1000);
});

test("microseconds survive", () => {
  assert.ok(Math.abs(parseTime("2026-01-01T00:00:00.123456Z") - (Date.parse("2026-01-01T00:00:00.123Z") + 0.456)) < 1e-3);
  assert.equal(parseTime("2026-01-01T00:00:00Z"), Date.parse("2026-01-01T00:00:00Z"));
});

test("a span is rounded up, so that 00:00 is shown only when it is over", () => {
  assert.deepEqual(parts(1), { days: 0, hours: 0, minutes: 0, seconds: 1 });
  assert.deepEqual(parts(0), { days: 0, hours: 0, minutes: 0, seconds: 0 });
  assert.deepEqual(parts(90_061_000), { days: 1, hours: 1, minutes: 1, seconds: 1 });
});
