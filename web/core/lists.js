// Lists that renew themselves.

import { connection } from "./live.js";

/**
 * Calls `renew` every so often while the page is seen, and when the connection or the page comes back.
 * @param {() => void} renew
 * @param {number} every milliseconds
 * @param {AbortSignal} signal
 */
export function onListChange(renew, every, signal) {
  const timer = setInterval(() => document.visibilityState === "visible" && renew(), every);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && renew(), { signal });
  let before = connection.value;
  connection.watch((state) => {
    if (state === "live" && before !== "live" && before !== "connecting") renew();
    before = state;
  }, signal);
}
