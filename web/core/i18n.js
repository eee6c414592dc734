// The words of the pages. One file per language; a missing key shows itself in the test, not on the page.

import { preferences } from "./preferences.js";
import { formatMoney } from "./money.js";

export const LANGUAGES = ["ko", "en"];
let words = {};
let current = "en";

/** Reads the words of a language. The page is drawn after this. */
export async function loadLanguage(language) {
  current = LANGUAGES.includes(language) ? language : "en";
  words = (await import(`../i18n/${current}.js`)).default;
  document.documentElement.lang = current;
}

export function language() {
  return current;
}

/** Switches the language and remembers it. The caller draws the page anew. */
export async function switchLanguage(next) {
  preferences.set({ ...preferences.value, language: next });
  await loadLanguage(next);
}

/**
 * The text of a key; `{name}` in it is replaced. A text may be a function of the values, for plurals.
 * @param {string} key
 * @param {Record<string, any>} [values]
 */
export function t(key, values = {}) {
  const text = words[key];
  if (text === undefined) return key;
  if (typeof text === "function") return text(values);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Whether a key has a text. */
export function has(key) {
  return words[key] !== undefined;
}

export function money(amount, currency) {
  return formatMoney(amount, currency, current === "ko" ? "ko-KR" : "en-US");
}

/** The sentence for a problem: ours in this language by its code, else the server's own. */
export function problemText(problem) {
  const key = `problem.${problem?.code}`;
  return has(key) ? t(key, problem.detail ?? {}) : problem?.message || t("problem.unknown");
}

const dateFormats = {
  moment: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  time: { hour: "2-digit", minute: "2-digit" },
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  full: { dateStyle: "long", timeStyle: "short" },
};

/** A time in the reader's own zone. */
export function when(time, form = "moment") {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(current, dateFormats[form]).format(date);
}

export function count(number) {
  return new Intl.NumberFormat(current).format(number);
}
