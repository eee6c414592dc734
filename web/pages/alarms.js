// One's alarms: what rings next, each with its switch, the streak, and whether the phone knows the plan.

import { clockwork, renewAlarms } from "../core/alarms.js";
import { byTime, nextAlarm, screenOf } from "../core/alarm-session.js";
import { api } from "../core/api.js";
import { clock } from "../core/clock.js";
import { h, keyed, setText } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { session } from "../core/session.js";
import { navigate } from "../core/router.js";
import { daysText, inText } from "../parts/alarm-words.js";
import { busy, empty, loading, toastProblem } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { phonePlan } from "../parts/phone-plan.js";
import { zoneChoice } from "../parts/zone-choice.js";
import { morningsIntro } from "../parts/mornings-intro.js";

const TICK = 15_000;

export function alarms({ signal, title }) {
  title(t("nav.alarms"));
  if (!session.value.user) return morningsIntro();
  const top = h("div", { class: "alarm-top" });
  const list = h("ul", { class: "alarm-list" });
  const note = h("div");
  const draw = (view) => {
    if (!view) return void note.replaceChildren(loading());
    top.replaceChildren(...summary(view));
    note.replaceChildren(...(view.alarms.length ? [] : [none()]));
    keyed(
      list,
      byTime(view.alarms),
      ({ number }) => String(number),
      (alarm) => row(alarm),
      (element, alarm) => element.draw(alarm),
    );
  };
  clockwork.watch(draw, signal);
  const timer = setInterval(() => clockwork.value && draw(clockwork.value), TICK);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  renewAlarms();
  return h(
    "section",
    { class: "medium" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { text: t("nav.alarms") }),
      h(
        "div",
        { class: "form-actions" },
        h("a", { class: "button quiet", href: "/alarms/log" }, icon("list"), t("alarmLog.title")),
        h("a", { class: "button primary", href: "/alarms/new" }, icon("plus"), t("alarms.add")),
      ),
    ),
    top,
    list,
    note,
    phonePlan(signal),
    zoneChoice(signal),
  );
}

function none() {
  return empty(
    t("alarms.none"),
    t("alarms.noneHint"),
    h("a", { class: "button primary", href: "/alarms/new", text: t("alarms.add") }),
  );
}

/** The next ring, or the session under way; and the streak. */
function summary(view) {
  const next = nextAlarm(view.alarms);
  const screen = screenOf(view.session);
  const streak = view.streak ?? { days: 0, best: 0 };
  const first =
    screen !== "idle"
      ? h(
          "div",
          { class: "card next-ring open" },
          h("p", { class: "eyebrow", text: t(`ring.screen.${screen}`) }),
          h("p", { class: "next-time", text: view.session.title || t("alarm.untitled") }),
          h("a", { class: "button primary big", href: "/alarms/ring" }, icon("alarm"), t("ring.open")),
        )
      : h(
          "div",
          { class: "card next-ring" },
          h("p", { class: "eyebrow", text: t("alarms.next") }),
          h("p", { class: "next-time figures", text: next ? next.time : t("alarms.nothing") }),
          h("p", { class: "next-in", text: next ? inText(next.next_at, clock.now()) : t("alarms.nothingHint") }),
          next && h("a", { class: "button small", href: "/alarms/ring" }, icon("moon"), t("ring.bedside")),
        );
  return [
    first,
    h(
      "div",
      { class: "card streak-card" },
      h("p", { class: "eyebrow", text: t("alarms.streak") }),
      h("p", { class: "streak-days" }, icon("flame"), h("span", { class: "figures", text: String(streak.days) })),
      h("p", {
        class: "hint",
        text: streak.days > 0 ? t("alarms.streakBest", { best: streak.best }) : t("alarms.streakNone"),
      }),
    ),
  ];
}

function row(first) {
  let alarm = first;
  const time = h("span", { class: "alarm-time figures" });
  const title = h("span", { class: "alarm-title" });
  const days = h("span", { class: "alarm-days" });
  const needs = h("span", { class: "alarm-needs" });
  const link = h("a", { class: "alarm-link" }, time, h("span", { class: "alarm-text" }, title, days, needs));
  const box = h("input", { type: "checkbox", role: "switch" });
  const tryOut = h("button", { type: "button", class: "button small quiet", text: t("alarm.try") });
  box.addEventListener("change", () => change(box, alarm, { active: box.checked }));
  tryOut.addEventListener("click", () =>
    busy(tryOut, async () => {
      try {
        await api("POST", `/alarms/${alarm.number}/try`, { key: crypto.randomUUID() });
        await renewAlarms();
        navigate("/alarms/ring");
      } catch (problem) {
        toastProblem(problem);
      }
    }),
  );
  const element = h(
    "li",
    { class: "alarm-row card" },
    link,
    h("div", { class: "alarm-acts" }, tryOut, h("label", { class: "switch" }, box)),
  );
  element.draw = (next) => {
    alarm = next;
    link.href = `/alarms/${alarm.number}`;
    setText(time, alarm.time);
    setText(title, alarm.title || t("alarm.untitled"));
    setText(days, `${daysText(alarm)}${alarm.zone ? ` · ${alarm.zone}` : ""}`);
    setText(needs, alarm.mission ? t("alarm.needs", { answers: alarm.answers }) : t("alarm.needsNothing"));
    if (!box.disabled) box.checked = alarm.active;
    box.setAttribute("aria-label", t("alarm.switch", { time: alarm.time }));
    element.classList.toggle("off", !alarm.active);
  };
  element.draw(alarm);
  return element;
}

/** Sends an alarm anew with fields changed; put back where the server refuses. */
async function change(box, alarm, fields) {
  try {
    await busy(box, async () => {
      await api("PUT", `/alarms/${alarm.number}`, {
        body: { ...termsOf(alarm), ...fields },
        key: crypto.randomUUID(),
      });
      await renewAlarms();
    });
  } catch (problem) {
    box.checked = alarm.active;
    toastProblem(problem);
  }
}

const TERMS = [
  "time",
  "days",
  "date",
  "zone",
  "title",
  "snooze_minutes",
  "snooze_limit",
  "mission",
  "answers",
  "wake_check_minutes",
  "sound",
  "vibration",
  "active",
];

/** The settings of an alarm alone, as they are sent. */
export function termsOf(alarm) {
  return Object.fromEntries(
    TERMS.filter((name) => alarm[name] !== undefined && alarm[name] !== null).map((name) => [name, alarm[name]]),
  );
}
