// The money of who is signed in: asked for again whenever something may have moved it.

import { api } from "./api.js";
import { session } from "./session.js";
import { Store } from "./store.js";

/** @type {Store<null | {accounts: Array<{currency: string, balance: number, held: number, available: number}>, holds: any[]}>} */
export const wallet = new Store(null);

const CALM = 150;
let timer = null;

/** Asks for the wallet soon; many calls at once make one question. */
export function renewWallet() {
  timer ??= setTimeout(async () => {
    timer = null;
    if (!session.value.user) return wallet.set(null);
    try {
      wallet.set(await api("GET", "/wallet"));
    } catch {
      // The last known amounts stay; the server checks every bid anyway.
    }
  }, CALM);
}

let owner = null;
session.watch(({ user }) => {
  if ((user?.id ?? null) === owner) return;
  owner = user?.id ?? null;
  wallet.set(null);
  renewWallet();
});

/** The account in a currency: empty where there is none yet. */
export function accountIn(currency) {
  const none = { currency, balance: 0, held: 0, available: 0 };
  return wallet.value?.accounts.find((account) => account.currency === currency) ?? none;
}

/** @param {{amount: number, currency: string}} amount */
export async function deposit(amount, key) {
  await api("POST", "/wallet/deposits", { body: { amount }, key });
  wallet.set(await api("GET", "/wallet"));
}

export async function withdraw(amount, key) {
  await api("POST", "/wallet/withdrawals", { body: { amount }, key });
  wallet.set(await api("GET", "/wallet"));
}
