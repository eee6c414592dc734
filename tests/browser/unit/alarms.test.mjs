import assert from "node:assert/strict";
import { test } from "node:test";

import { byTime, cardOf, isLoud, nextAlarm, screenOf, sessionOf } from "../../../web/core/alarm-session.js";
import { OfflinePack, ringsByItself } from "../../../web/core/offline-pack.js";
import { DAYS, clockText, dayName, kindOf, parseClock, sorted, timeIn, until } from "../../../web/core/weekdays.js";

const told = (fields) => ({ number: 4, stage: "ringing", needed: 2, answered: 0, may_stop: false, task: null, ...fields });

class Memory {
  #kept = new Map();
  getItem = (key) => this.#kept.get(key) ?? null;
  setItem = (key, value) => void this.#kept.set(key, value);
  removeItem = (key) => void this.#kept.delete(key);
}

test("each stage has its screen, and only some are loud", () => {
  const screens = [
    [null, "idle", false],
    [told({}), "ringing", true],
    [told({ stage: "snoozed", until: "2026-01-01T00:00:00Z" }), "snoozed", false],
    [told({ stage: "in_mission", until: "2026-01-01T00:00:00Z" }), "mission", false],
    [told({ stage: "wake_check", check_at: "2026-01-01T00:00:00Z" }), "waiting", false],
    [told({ stage: "wake_check", until: "2026-01-01T00:00:00Z" }), "check", true],
  ];
  for (const [session, screen, loud] of screens) {
    assert.equal(screenOf(sessionOf(session)), screen);
    assert.equal(isLoud(sessionOf(session)), loud, screen);
  }
});

test("a task's card and lease become one", () => {
  const task = cardOf({ lease: "l", fence: 3, campaign: 5, card: { image: "/objects/a", kind: "ocr" } });
  assert.deepEqual(task, { image: "/objects/a", kind: "ocr", lease: "l", fence: 3, campaign: 5 });
  assert.equal(cardOf(null), null);
});

test("the next alarm is the earliest that will ring; lists go by the time of day", () => {
  const alarms = [
    { number: 1, time: "09:00", next_at: "2026-01-02T00:00:00Z" },
    { number: 2, time: "07:00", next_at: null },
    { number: 3, time: "08:00", next_at: "2026-01-01T23:00:00Z" },
  ];
  assert.equal(nextAlarm(alarms).number, 3);
  assert.equal(nextAlarm([]), null);
  assert.deepEqual(
    byTime(alarms).map(({ number }) => number),
    [2, 3, 1],
  );
});

test("sets of days have the names that people give them", () => {
  assert.equal(kindOf([]), "once");
  assert.equal(kindOf(DAYS), "daily");
  assert.equal(kindOf(["fri", "thu", "wed", "tue", "mon"]), "workdays");
  assert.equal(kindOf(["sun", "sat"]), "weekend");
  assert.equal(kindOf(["mon"]), "some");
  assert.deepEqual(sorted(["sun", "mon"]), ["mon", "sun"]);
  assert.equal(dayName("mon", "en"), "Mon");
  assert.equal(dayName("sun", "ko", "long"), "일요일");
});

test("times are read and written as clocks show them", () => {
  assert.deepEqual(parseClock("07:05"), { hour: 7, minute: 5 });
  assert.equal(parseClock("24:00"), null);
  assert.equal(parseClock("7:05"), null);
  assert.equal(clockText(7, 5), "07:05");
  assert.equal(timeIn("Asia/Seoul", Date.UTC(2026, 0, 1, 22, 30), "en"), "07:30");
  assert.deepEqual(until(90 * 60_000, 0), { days: 0, hours: 1, minutes: 30 });
  assert.equal(until(0, 1), null);
});

test("the pack gives out what is still leased and was not answered, to its owner alone", () => {
  const storage = new Memory();
  const pack = new OfflinePack(storage, 7);
  const task = (lease, deadline) => ({ lease, fence: 1, campaign: 5, task: 1, deadline, card: { image: "/objects/a" } });
  const tasks = [task("a", "2026-01-01T00:10:00Z"), task("b", "2026-01-01T00:10:00Z"), task("c", "2025-12-31T00:00:00Z")];
  assert.ok(pack.keep({ version: 3, next_at: null, pack: { issued_at: "x", tasks, signature: "s" } }));
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.deepEqual(
    pack.tasks(now).map(({ lease }) => lease),
    ["a", "b"],
  );
  pack.answer(tasks[0], "9,000");
  assert.deepEqual(
    pack.tasks(now).map(({ lease }) => lease),
    ["b"],
  );
  pack.stop(4, "mission", "2026-01-01T00:00:30Z");
  const { done } = pack;
  assert.deepEqual(done.answers, [{ lease: "a", answer: "9,000" }]);
  assert.equal(done.pack.signature, "s");
  assert.equal(done.pack.tasks[0].card, undefined, "pictures are not sent back");
  assert.deepEqual([done.session, done.how], [4, "mission"]);
  assert.equal(new OfflinePack(storage, 8).done, null);
  pack.open = { number: 4, stage: "ringing" };
  assert.equal(new OfflinePack(storage, 7).open.number, 4, "a screen that is opened anew knows what rang");
  pack.open = null;
  assert.equal(pack.open, null);
  pack.told();
  assert.equal(pack.done, null);
});

test("the phone rings by itself only when it must", () => {
  const kept = { version: 1, next_at: "2026-01-01T00:00:00Z", pack: null };
  const due = Date.parse(kept.next_at);
  const at = (fields) => ({ now: due + 1000, online: false, since: null, ...fields });
  assert.ok(ringsByItself(kept, at({})));
  assert.ok(!ringsByItself(kept, at({ online: true })));
  assert.ok(!ringsByItself(kept, at({ now: due - 1 })));
  assert.ok(!ringsByItself(kept, at({ now: due + 3 * 3_600_000 })));
  assert.ok(!ringsByItself(kept, at({ since: "2026-01-01T00:00:00.500Z" })), "it was stopped here");
  assert.ok(!ringsByItself(null, at({})));
});
