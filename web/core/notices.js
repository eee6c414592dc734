// What the house tells us: live over `user:{id}`, kept on the server for later.

import { watchChannel } from "./live.js";
import { session } from "./session.js";
import { Store } from "./store.js";
import { renewWallet } from "./wallet.js";

/** How many came since the list was last looked at. */
export const unseen = new Store(0);

const listeners = new Set();
let leave = null;

/** Hears each notice as it comes. */
export function onNotice(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener), { once: true });
}

/** Follows the channel of whoever is signed in. */
export function startNotices() {
  let owner = null;
  session.watch(({ user }) => {
    if ((user?.id ?? null) === owner) return;
    owner = user?.id ?? null;
    leave?.abort();
    unseen.set(0);
    if (owner === null) return;
    leave = new AbortController();
    watchChannel(`user:${owner}`, { subscribed: count, publication: hear }, leave.signal);
  });
}

function count(inbox) {
  if (Number.isInteger(inbox?.unread)) unseen.set(inbox.unread);
}

function hear(data) {
  if (data.type === "notices_read") return;
  renewWallet();
  const notice = shape(data);
  if (!notice.type) return;
  unseen.set(unseen.value + 1);
  for (const listener of [...listeners]) listener(notice);
}

/**
 * A notice in one shape, whether it came live or from the list.
 * @param {any} data
 * @returns {{type: string, auction: number | null, raffle: number | null, title: string, at: string | null, [field: string]: any}}
 */
export function shape(data) {
  const { fields, ...rest } = data;
  const [, kind, number] = /^(auction|raffle):(\d+)$/.exec(data.about ?? "") ?? [];
  const about = (wanted) => (kind === wanted ? Number(number) : null);
  return { auction: about("auction"), raffle: about("raffle"), title: "", at: null, ...fields, ...rest };
}
