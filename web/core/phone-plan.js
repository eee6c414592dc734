// The plan of one's alarms as this browser keeps it, so that it may ring and be stopped without a connection.

import { api } from "./api.js";
import { cardOf, nextAlarm } from "./alarm-session.js";
import { clockwork, renewAlarms } from "./alarms.js";
import { command } from "./alarm-commands.js";
import { OfflinePack, ownerIn } from "./offline-pack.js";
import { startWorker } from "./push.js";

/** @param {number} owner */
export function packOf(owner) {
  return new OfflinePack(localStorage, owner);
}

/** Whose plan this browser keeps: without a connection that is who sleeps beside it. */
export const keptOwner = () => ownerIn(localStorage);

/**
 * Stores the present plan with a pack of tasks and their pictures, and tells the server that it is stored.
 * @param {OfflinePack} pack
 * @returns {Promise<boolean>} whether this browser would ring by itself now
 */
export async function keepPlan(pack) {
  startWorker();
  await renewAlarms();
  const view = clockwork.value;
  if (!view) return false;
  let tasks = null;
  try {
    tasks = await api("GET", "/alarms/pack", { key: crypto.randomUUID() });
  } catch {
    // Without tasks it still rings, and is stopped by a touch.
  }
  const next = nextAlarm(view.alarms);
  const kept = pack.keep({ version: view.plan.version, next_at: next?.next_at ?? null, alarm: next, pack: tasks });
  if (!kept) return false;
  await keepPictures(tasks?.tasks ?? []);
  await api("POST", "/alarms/plan/ack", { body: { version: view.plan.version, command_id: crypto.randomUUID() } });
  await renewAlarms();
  return true;
}

/** The pictures go where the service worker finds them. */
async function keepPictures(tasks) {
  if (!globalThis.caches || tasks.length === 0) return;
  try {
    const store = await caches.open("madang-pack");
    await store.addAll([...new Set(tasks.map((task) => cardOf(task).image))]);
  } catch {
    // A task whose picture is missing can be passed over: there is always the stop.
  }
}

/** Tells what was done without a connection. */
export async function tellDone(pack) {
  const { done } = pack;
  if (!done) return;
  if (done.answers.length) {
    await api("POST", "/alarms/pack/answers", { body: { pack: done.pack, answers: done.answers } });
  }
  if (done.stopped_at) {
    const session = done.session ?? undefined;
    try {
      if (done.how === "emergency") await command("emergency", { session });
      else await command("stop", { session, offline: true });
    } catch (problem) {
      // It may be over by other means meanwhile; then there is nothing left to stop.
      if (!OVER.has(problem?.code)) throw problem;
    }
  }
  pack.told();
}

const OVER = new Set(["alarm.not_ringing", "alarm.other_session"]);
