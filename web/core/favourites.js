// The lots that the person keeps an eye on: ten at most.

import { api } from "./api.js";
import { session } from "./session.js";
import { Store } from "./store.js";

/** @type {Store<Set<number>>} */
export const favourites = new Store(new Set());

let owner = null;
session.watch(async ({ user }) => {
  if ((user?.id ?? null) === owner) return;
  owner = user?.id ?? null;
  favourites.set(new Set());
  if (owner === null) return;
  try {
    const { items } = await api("GET", "/favourites");
    favourites.set(new Set(items.map((item) => item.auction ?? item.id)));
  } catch {
    // Hearts stay empty until the next page; nothing else depends on them.
  }
});

/** Keeps or drops a lot: shown at once, taken back where the server refuses. */
export async function toggleFavourite(auction) {
  const keep = !favourites.value.has(auction);
  mark(auction, keep);
  try {
    await api(keep ? "PUT" : "DELETE", `/favourites/${auction}`);
  } catch (problem) {
    mark(auction, !keep);
    throw problem;
  }
}

function mark(auction, keep) {
  const next = new Set(favourites.value);
  if (keep) next.add(auction);
  else next.delete(auction);
  favourites.set(next);
}
