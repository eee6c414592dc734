// What an alarm clock did: rings, snoozes, answers and stops, session by session, the newest first.

import { clockwork } from "../core/alarms.js";
import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { t, when } from "../core/i18n.js";
import { empty } from "../parts/controls.js";
import { pager } from "../parts/pager.js";
import { signInFirst } from "./sign-in-first.js";

const GOOD = ["awake"];
const BAD = ["missed", "too_late"];

export function alarmLog({ signal, title }) {
  title(t("alarmLog.title"));
  const gate = signInFirst();
  if (gate) return gate;
  const list = pager({
    list: h("ol", { class: "alarm-log" }),
    fetch: async (after) => whole(after, signal),
    row,
    none: () => empty(t("alarmLog.none"), t("alarmLog.noneHint")),
    signal,
  });
  // The clock's channel tells when something was done: the newest page has it. The first word is what is drawn already.
  let first = true;
  clockwork.watch((view) => {
    if (view && !first) list.renew();
    if (view) first = false;
  }, signal);
  return h(
    "section",
    { class: "medium" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { text: t("alarmLog.title") }),
      h("a", { class: "button quiet", href: "/alarms", text: t("ring.toAlarms") }),
    ),
    h("p", { class: "hint", text: t("alarmLog.lead") }),
    list.element,
  );
}

/** A page that has something on it: decisions that add no line make empty ones. */
async function whole(after, signal) {
  let page = await api("GET", `/alarms/log${query({ after, limit: 50 })}`, { signal });
  while (page.items.length === 0 && page.next && !signal.aborted)
    page = await api("GET", `/alarms/log${query({ after: page.next, limit: 100 })}`, { signal });
  return page;
}

function row(entry) {
  const { what, session } = entry;
  const tone = GOOD.includes(what) ? "good" : BAD.includes(what) || entry.how === "emergency" ? "bad" : "";
  return h(
    "li",
    { class: `log-line ${tone}`, data: { what } },
    h("time", { datetime: entry.at, class: "figures", text: when(entry.at) }),
    h("span", { class: "log-text", text: words(entry) }),
    session ? h("span", { class: "hint figures", text: t("alarmLog.session", { session }) }) : null,
  );
}

function words(entry) {
  const { what } = entry;
  if (what === "rang") return t(entry.trial ? "alarmLog.tried" : "alarmLog.rang", { alarm: entry.alarm });
  if (what === "rang_again") return t(`alarmLog.again.${entry.cause}`);
  if (what === "snoozed") return t("alarmLog.snoozed", { until: when(entry.until, "time") });
  if (what === "answered") return t(entry.passed ? "alarmLog.answered" : "alarmLog.notPassed", { points: entry.points });
  if (what === "excused") return t(`alarmLog.excused.${entry.why}`);
  if (what === "stopped") return t(`alarmLog.stopped.${entry.how}`);
  return t(`alarmLog.${what}`, { alarm: entry.alarm });
}
