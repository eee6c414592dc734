// What this browser remembers of its user: language and theme. (`first.js` reads the same before the first paint.)

import { Store } from "./store.js";

const KEY = "madang.preferences";

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** @type {Store<{language?: "ko" | "en", theme?: "light" | "dark"}>} */
export const preferences = new Store(kept());

preferences.watch((value) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(value));
  } catch {
    // Private windows may refuse: then it is remembered for this page only.
  }
  const root = document.documentElement;
  if (value.theme) root.dataset.theme = value.theme;
  else delete root.dataset.theme;
});

/** Whether the page is dark now. */
export function isDark() {
  const { theme } = preferences.value;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
