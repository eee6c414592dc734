// The mornings' place on the first page: the next ring of who is signed in, or what it is about.

import { clock } from "../core/clock.js";
import { clockwork } from "../core/alarms.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { session } from "../core/session.js";
import { nextAlarm } from "../core/alarm-session.js";
import { icon } from "./icons.js";
import { daysText, inText } from "./alarm-words.js";

/** @param {AbortSignal} signal */
export function morningCard(signal) {
  const element = h("section", { class: "morning", "aria-labelledby": "home-morning" });
  clockwork.watch((view) => element.replaceChildren(...draw(view)), signal);
  return element;
}

function draw(view) {
  if (view?.session) return ringing();
  const next = view && nextAlarm(view.alarms);
  const head = h("p", { class: "eyebrow", text: t("world.mornings") });
  if (!next) {
    return [
      head,
      h("h2", { id: "home-morning", text: t("home.morning.title") }),
      h("p", { text: t("home.morning.text") }),
      sample(),
      h(
        "a",
        { class: "button primary", href: session.value.user ? "/alarms/new" : "/alarms" },
        t("home.morning.set"),
        icon("arrow"),
      ),
    ];
  }
  return [
    head,
    h("h2", { id: "home-morning", class: "morning-time figures", text: next.time }),
    h("p", { text: [next.title, daysText(next)].filter(Boolean).join(" · ") }),
    h("p", { class: "morning-in", text: inText(next.next_at, clock.now()) }),
    view.streak?.days > 0 && h("p", { class: "streak" }, icon("flame"), t("alarms.streakDays", { days: view.streak.days })),
    h("a", { class: "button", href: "/alarms" }, t("home.morning.mine"), icon("arrow")),
  ].filter(Boolean);
}

function ringing() {
  return [
    h("p", { class: "eyebrow", text: t("world.mornings") }),
    h("h2", { id: "home-morning", text: t("ring.ringing") }),
    h("a", { class: "button primary big", href: "/alarms/ring" }, icon("alarm"), t("ring.open")),
  ];
}

/** What a mission looks like, without words. */
function sample() {
  return h(
    "div",
    { class: "morning-sample", "aria-hidden": "true" },
    h("span", { class: "figures", text: "07:00" }),
    h("span", { class: "sample-slip" }, "AMERICANO 2", h("mark", { text: "9,000" }), "TOTAL"),
    h("span", { class: "sample-answer", text: "9,000" }),
  );
}
