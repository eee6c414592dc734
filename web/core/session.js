// Who is signed in here.
//
// The access token lives in memory only. The refresh token is a cookie that no script can read. A mark in local storage
// says whether it is worth asking for a renewal at the start, and tells the other tabs.

import { Problem, api, signWith } from "./api.js";
import { Store } from "./store.js";

const MARK = "madang.signed-in";
/** Renew this long before the end, in milliseconds. */
const EARLY = 60_000;

/** @type {Store<{ready: boolean, user: null | {id: number, name: string, email: string, roles: string[], locale?: string}}>} */
export const session = new Store({ ready: false, user: null });

let access = null;
let renewing = null;

signWith({ token: accessToken, renew });

/** Whether the person holds one of the roles; admins hold all. */
export function holds(...roles) {
  const own = session.value.user?.roles ?? [];
  return own.includes("admin") || roles.some((role) => own.includes(role));
}

/** A token that is good for a while yet, or null when nobody is signed in. */
export async function accessToken() {
  if (!access) return null;
  if (performance.now() < access.until - EARLY) return access.token;
  try {
    return await renew();
  } catch {
    return access?.token ?? null;
  }
}

function accept(tokens) {
  access = { token: tokens.access_token, until: performance.now() + tokens.access_expires_in_s * 1000 };
  mark(true);
  const before = session.value.user;
  const same = before && before.id === tokens.user.id && String(before.roles) === String(tokens.user.roles);
  session.set({ ready: true, user: same ? before : tokens.user });
  return access.token;
}

function forget() {
  access = null;
  mark(false);
  session.set({ ready: true, user: null });
}

function mark(signedIn) {
  try {
    if (signedIn) localStorage.setItem(MARK, "1");
    else localStorage.removeItem(MARK);
  } catch {
    // Without storage the person signs in again after a reload.
  }
}

/** Whether somebody is signed in here as far as this browser remembers: without a connection nobody can say for sure. */
export function marked() {
  try {
    return localStorage.getItem(MARK) === "1";
  } catch {
    return false;
  }
}

/**
 * Gets a fresh access token by the cookie. One at a time, also among tabs: a refresh token is good for one use.
 * @returns {Promise<string | null>} null when the sign-in is over
 */
export function renew() {
  renewing ??= exclusively(async () => {
    try {
      return accept(await api("POST", "/sessions/refresh", { body: { cookie: true }, anonymous: true }));
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status < 400 || problem.status >= 500 || problem.status === 429)
        throw problem;
      forget();
      return null;
    }
  }).finally(() => (renewing = null));
  return renewing;
}

function exclusively(work) {
  return navigator.locks ? navigator.locks.request("madang.renew", work) : work();
}

/** Finds out at the start whether this browser is still signed in. */
export async function restore() {
  if (!marked()) return forget();
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      await renew();
      return;
    } catch {
      // The server is away, not the sign-in: the pages can be read meanwhile.
      if (!session.value.ready) session.set({ ready: true, user: null });
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

/** @param {{email: string, password: string}} credentials */
export async function signIn(credentials) {
  accept(await api("POST", "/sessions", { body: { ...credentials, device: deviceName(), cookie: true }, anonymous: true }));
}

/** @param {{email: string, code: string, password: string, name: string, locale: string}} form */
export async function signUp(form) {
  accept(await api("POST", "/accounts", { body: { ...form, cookie: true }, anonymous: true }));
}

export async function signOut({ everywhere = false } = {}) {
  try {
    await api("DELETE", everywhere ? "/sessions" : "/sessions/current");
  } finally {
    forget();
  }
}

/** After the person changed their own account. */
export function updateUser(fields) {
  if (session.value.user) session.set({ ready: true, user: { ...session.value.user, ...fields } });
}

function deviceName() {
  const platform = navigator.userAgentData?.platform ?? navigator.platform ?? "";
  return `${navigator.userAgentData?.mobile ? "Phone" : "Browser"} ${platform}`.trim().slice(0, 60);
}

addEventListener("storage", (event) => {
  if (event.key !== MARK) return;
  if (event.newValue === null && access) forget();
  else if (event.newValue === "1" && !access) renew().catch(() => {});
});
