// What came of a bid that somebody tried.

import { has, t } from "../core/i18n.js";

/** The wording of an attempt's result and reason. */
export function resultText({ result, code, message }) {
  if (code) return has(`problem.${code}`) ? t(`problem.${code}`) : message;
  return result ? t(`result.${result}`) : "";
}
