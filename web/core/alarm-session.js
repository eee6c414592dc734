// What an alarm's session means for the screen. Pure.

/**
 * A session as the pages use it.
 * @typedef {{number: number, stage: "ringing" | "snoozed" | "in_mission" | "wake_check", until: string | null,
 *   askAt: string | null, task: any, title: string, needed: number, answered: number, excused: string | null,
 *   mayStop: boolean, snoozesLeft: number, snoozeMinutes: number, trial: boolean, sound: boolean, vibration: boolean}} Session
 */

/**
 * A session in the shape that the pages use; null where there is none.
 * @param {any} told by the API
 * @returns {Session | null}
 */
export function sessionOf(told) {
  if (!told) return null;
  return {
    number: told.number,
    stage: told.stage,
    until: told.until ?? null,
    askAt: told.check_at ?? null,
    task: cardOf(told.task),
    title: told.title ?? "",
    needed: told.needed ?? 0,
    answered: told.answered ?? 0,
    excused: told.excused ?? null,
    mayStop: told.may_stop ?? false,
    snoozesLeft: told.snoozes_left ?? 0,
    snoozeMinutes: told.snooze_minutes ?? 0,
    trial: told.trial ?? false,
    sound: told.sound ?? true,
    vibration: told.vibration ?? true,
  };
}

/** A task on the screen: its card, with the lease under which it is held. */
export function cardOf(task) {
  if (!task) return null;
  const { card, ...lease } = task;
  return { ...card, ...lease };
}

/**
 * What the screen shows.
 * @param {Session | null} session
 * @returns {"idle" | "ringing" | "mission" | "snoozed" | "waiting" | "check"}
 */
export function screenOf(session) {
  if (!session) return "idle";
  if (session.stage === "snoozed") return "snoozed";
  if (session.stage === "wake_check") return session.until ? "check" : "waiting";
  return session.stage === "in_mission" ? "mission" : "ringing";
}

/** Whether it makes a noise. */
export function isLoud(session) {
  const screen = screenOf(session);
  return screen === "ringing" || screen === "check";
}

/** The alarm that rings next; null where none will. */
export function nextAlarm(alarms) {
  const armed = alarms.filter(({ next_at }) => next_at);
  return armed.sort((a, b) => Date.parse(a.next_at) - Date.parse(b.next_at))[0] ?? null;
}

/** Alarms as people look for them: by the time of day. */
export function byTime(alarms) {
  return [...alarms].sort((a, b) => a.time.localeCompare(b.time) || a.number - b.number);
}
