// Commands to the alarm that rings: asked until answered, over reconnects, under one id each.

import { untilAnswered } from "./answered.js";
import { connection, rpc, whenLive } from "./live.js";

/** How long the screen waits for the connection before it offers to stop without one, in milliseconds. */
export const OFFLINE_AFTER = 4000;

/**
 * @param {"next" | "answer" | "skip" | "snooze" | "stop" | "emergency" | "awake"} name
 * @param {Record<string, any>} data
 * @param {AbortSignal} [signal] gives up asking
 */
export function command(name, data = {}, signal) {
  const sent = { ...data, command_id: crypto.randomUUID() };
  return taken(untilAnswered(() => rpc(`alarm.${name}`, sent), world(signal)));
}

/** The same for labels without an alarm. */
export function label(name, data = {}, signal) {
  const sent = { ...data, command_id: crypto.randomUUID() };
  return taken(untilAnswered(() => rpc(`label.${name}`, sent), world(signal)));
}

/** What the rules refuse comes as an answer; here it is a failure like any other. */
async function taken(asked) {
  const answer = await asked;
  if (answer?.result === "refused") throw answer;
  return answer;
}

function world(signal) {
  return {
    ready: () => whenLive(signal),
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
  };
}

/** Whether commands reach the server now. */
export const online = () => connection.value === "live";
