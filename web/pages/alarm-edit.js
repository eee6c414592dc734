// Setting an alarm: the time, the days, how it is stopped.

import { clockwork, renewAlarms } from "../core/alarms.js";
import { api } from "../core/api.js";
import { h, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { navigate } from "../core/router.js";
import { confirmed, field, form, loading, toast, toastProblem } from "../parts/controls.js";
import { hereZone, zoneOptions } from "../parts/zone-choice.js";
import { weekdayPicker } from "../parts/weekday-picker.js";
import { notFound } from "./not-found.js";
import { signInFirst } from "./sign-in-first.js";

const FRESH = {
  time: "07:00",
  days: ["mon", "tue", "wed", "thu", "fri"],
  title: "",
  snooze_minutes: 5,
  snooze_limit: 3,
  mission: true,
  answers: 1,
  wake_check_minutes: null,
  sound: true,
  vibration: true,
  active: true,
};
const MOST_ANSWERS = 10;

export function alarmEdit({ params, signal, title }) {
  const number = params.number === undefined ? null : Number(params.number);
  title(t(number === null ? "alarms.add" : "alarm.edit"));
  const gate = signInFirst();
  if (gate) return gate;
  const place = h(
    "section",
    { class: "narrow alarm-form" },
    h("h1", { text: t(number === null ? "alarms.add" : "alarm.edit") }),
  );
  if (number === null) {
    place.append(editor(null, FRESH));
    return place;
  }
  const waiting = loading();
  place.append(waiting);
  const own = new AbortController();
  signal.addEventListener("abort", () => own.abort(), { once: true });
  clockwork.watch((view) => {
    if (!view || own.signal.aborted) return;
    const alarm = view.alarms.find((one) => one.number === number);
    own.abort();
    if (alarm) waiting.replaceWith(editor(number, alarm));
    else place.replaceWith(notFound({ title }));
  }, own.signal);
  return place;
}

function editor(number, alarm) {
  const time = h("input", {
    type: "time",
    name: "time",
    value: alarm.time,
    required: true,
    "aria-label": t("alarm.time"),
    class: "time-input figures",
  });
  const date = field(t("alarm.date"), { type: "date", name: "date", value: alarm.date }, { hint: t("alarm.dateHint") });
  const days = weekdayPicker(alarm.days ?? [], () => show(date, days.value().length === 0));
  show(date, days.value().length === 0);
  const named = field(t("alarm.title"), {
    name: "title",
    maxlength: 100,
    value: alarm.title,
    placeholder: t("alarm.titleHint"),
  });
  const zone = field(
    t("alarm.zone"),
    { name: "zone", options: zones(alarm.zone), value: alarm.zone ?? "" },
    { hint: t("alarm.zoneHint") },
  );
  const mission = toggle("mission", t("alarm.mission"), t("alarm.missionHint"), alarm.mission);
  const answers = stepper("answers", t("alarm.answers"), alarm.answers, 1, MOST_ANSWERS);
  const needed = () => show(answers.element, mission.control.checked);
  mission.control.addEventListener("change", needed);
  needed();
  const snooze = field(t("alarm.snooze"), {
    name: "snooze_minutes",
    options: [0, 3, 5, 10, 15, 20, 30].map((minutes) => [
      minutes,
      minutes ? t("alarm.snoozeFor", { minutes }) : t("alarm.noSnooze"),
    ]),
    value: alarm.snooze_minutes,
  });
  const limit = stepper("snooze_limit", t("alarm.snoozeLimit"), alarm.snooze_limit, 1, 10);
  const snoozes = () => show(limit.element, snooze.control.value !== "0");
  snooze.control.addEventListener("change", snoozes);
  snoozes();
  const check = field(
    t("alarm.wakeCheck"),
    {
      name: "wake_check",
      options: [
        ["", t("alarm.noWakeCheck")],
        ...[3, 5, 10].map((minutes) => [minutes, t("alarm.wakeCheckAfter", { minutes })]),
      ],
      value: alarm.wake_check_minutes ?? "",
    },
    { hint: t("alarm.wakeCheckHint") },
  );
  const sound = toggle("sound", t("alarm.sound"), null, alarm.sound);
  const vibration = toggle("vibration", t("alarm.vibration"), null, alarm.vibration);
  const read = () => ({
    time: time.value.slice(0, 5),
    days: days.value(),
    ...(days.value().length === 0 && date.control.value ? { date: date.control.value } : {}),
    ...(zone.control.value ? { zone: zone.control.value } : {}),
    title: named.control.value.trim(),
    snooze_minutes: Number(snooze.control.value),
    snooze_limit: limit.value(),
    mission: mission.control.checked,
    answers: answers.value(),
    ...(check.control.value ? { wake_check_minutes: Number(check.control.value) } : {}),
    sound: sound.control.checked,
    vibration: vibration.control.checked,
    active: true,
  });
  // One key for one alarm: where the answer was lost, sending it again makes no second one.
  const key = crypto.randomUUID();
  return form({
    label: t("action.save"),
    submit: async () => {
      if (number === null) await api("POST", "/alarms", { body: read(), key });
      else await api("PUT", `/alarms/${number}`, { body: read(), key: crypto.randomUUID() });
      await renewAlarms();
      toast({ text: t("alarm.saved"), tone: "good" });
      navigate("/alarms");
    },
    children: [
      h("div", { class: "field time-field" }, time, h("p", { class: "field-error", hidden: true })),
      days.element,
      date,
      named,
      h(
        "fieldset",
        { class: "card" },
        h("legend", { text: t("alarm.stopping") }),
        mission.element,
        answers.element,
        snooze,
        limit.element,
        check,
      ),
      h("fieldset", { class: "card" }, h("legend", { text: t("alarm.ringing") }), sound.element, vibration.element, zone),
    ],
    extra: [
      h("a", { class: "button quiet", href: "/alarms", text: t("action.back") }),
      number !== null &&
        h("button", {
          type: "button",
          class: "button quiet danger-text push",
          text: t("alarm.remove"),
          on: { click: () => remove(number, alarm) },
        }),
    ].filter(Boolean),
  });
}

async function remove(number, alarm) {
  if (!(await confirmed({ title: t("alarm.removeAsk", { time: alarm.time }), confirm: t("alarm.remove"), danger: true })))
    return;
  try {
    await api("DELETE", `/alarms/${number}`, { key: crypto.randomUUID() });
    await renewAlarms();
    navigate("/alarms");
  } catch (problem) {
    toastProblem(problem);
  }
}

/** A switch with its label and a line that explains it. */
function toggle(name, label, hint, on) {
  const control = h("input", { type: "checkbox", role: "switch", name, id: `toggle-${name}`, props: { checked: on } });
  const element = h(
    "div",
    { class: "toggle" },
    h("label", { for: control.id }, label),
    h("span", { class: "switch" }, control),
    hint && h("p", { class: "hint", id: `${control.id}-hint`, text: hint }),
  );
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return { element, control };
}

/** A small number with a button on each side. */
function stepper(name, label, first, least, most) {
  const input = h("input", {
    type: "number",
    name,
    id: `stepper-${name}`,
    min: least,
    max: most,
    value: first,
    inputmode: "numeric",
    class: "figures",
  });
  const value = () => Math.min(most, Math.max(least, Math.round(Number(input.value) || least)));
  const by = (step) => (input.value = String(Math.min(most, Math.max(least, value() + step))));
  const button = (text, step, key) =>
    h("button", { type: "button", class: "icon-button", text, "aria-label": t(key, { label }), on: { click: () => by(step) } });
  const element = h(
    "div",
    { class: "field stepper" },
    h("label", { for: input.id, text: label }),
    h("div", { class: "stepper-row" }, button("−", -1, "stepper.less"), input, button("+", 1, "stepper.more")),
  );
  return { element, value };
}

function zones(present) {
  return [["", t("alarm.zoneOwn")], ...zoneOptions(hereZone(), present)];
}
