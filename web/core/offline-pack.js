// What lets an alarm be stopped without a connection: the pack of tasks that was stored before, and what was done meanwhile.
//
// Pure but for the storage that it is given, so that it is tested by itself.

const PACK = "madang.alarm.pack";
const DONE = "madang.alarm.done";
const OPEN = "madang.alarm.open";

/**
 * @typedef {{version: number, next_at: string | null, pack: any}} Kept the plan's version and next ring, with its pack
 * @typedef {{session: number | null, stopped_at: string | null, how: "mission" | "emergency" | "plain",
 *   pack?: any, answers: Array<{lease: string, answer: string}>}} Done the pack goes back with its answers
 */

/** Whose pack is stored. @param {Pick<Storage, "getItem">} storage @returns {number | null} */
export function ownerIn(storage) {
  try {
    return JSON.parse(storage.getItem(PACK) ?? "null")?.owner ?? null;
  } catch {
    return null;
  }
}

export class OfflinePack {
  #storage;
  #owner;

  /** @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage @param {number} owner whose it is */
  constructor(storage, owner) {
    this.#storage = storage;
    this.#owner = owner;
  }

  #read(key) {
    try {
      const kept = JSON.parse(this.#storage.getItem(key) ?? "null");
      return kept?.owner === this.#owner ? kept.value : null;
    } catch {
      return null;
    }
  }

  #write(key, value) {
    try {
      if (value === null) this.#storage.removeItem(key);
      else this.#storage.setItem(key, JSON.stringify({ owner: this.#owner, value }));
      return true;
    } catch {
      return false;
    }
  }

  /** @returns {Kept | null} */
  get kept() {
    return this.#read(PACK);
  }

  /** Stores the plan and its pack; false where the browser keeps nothing, and then nothing may be acknowledged. */
  keep(kept) {
    return this.#write(PACK, kept);
  }

  /** The tasks of the pack whose lease still stands and that were not answered yet. */
  tasks(now) {
    const answered = new Set(this.done?.answers.map(({ lease }) => lease) ?? []);
    const tasks = this.kept?.pack?.tasks ?? [];
    return tasks.filter((task) => Date.parse(task.deadline) > now && !answered.has(task.lease));
  }

  /** The session that was open when the server was last heard, for a screen that is opened anew without a connection. */
  get open() {
    return this.#read(OPEN);
  }

  set open(session) {
    if ((this.open?.number ?? null) !== (session?.number ?? null)) this.#write(OPEN, session);
  }

  /** What was done without a connection and is still to be told. @returns {Done | null} */
  get done() {
    return this.#read(DONE);
  }

  /** Remembers an answer to one of the pack's tasks. */
  answer(task, answer) {
    const before = this.done ?? { session: null, stopped_at: null, how: "plain", answers: [] };
    const answers = [...before.answers, { lease: task.lease, answer }];
    this.#write(DONE, { ...before, pack: signed(this.kept?.pack), answers });
  }

  /** Remembers that the alarm was stopped here. */
  stop(session, how, at) {
    const before = this.done ?? { answers: [] };
    this.#write(DONE, { ...before, session, how, stopped_at: at });
  }

  /** All of it was told. */
  told() {
    this.#write(DONE, null);
  }

  forget() {
    this.#write(OPEN, null);
    this.#write(PACK, null);
    this.#write(DONE, null);
  }
}

/** A pack as it goes back: what was signed, without what only the screen needed. */
function signed(pack) {
  if (!pack) return null;
  const tasks = pack.tasks.map(({ campaign, task, lease, fence, deadline }) => ({ campaign, task, lease, fence, deadline }));
  return { issued_at: pack.issued_at, tasks, signature: pack.signature };
}

/**
 * Whether the phone must ring by itself: the plan says so, and nothing was heard of the server.
 * @param {Kept | null} kept
 * @param {{now: number, online: boolean, since: string | null}} at `since`: when an alarm was stopped here last
 */
export function ringsByItself(kept, { now, online, since }) {
  if (!kept?.next_at || online) return false;
  const due = Date.parse(kept.next_at);
  return now >= due && now - due < LATEST_MS && !(since && Date.parse(since) >= due);
}

/** A ring that is later than this is not made up for. */
const LATEST_MS = 60 * 60_000;
