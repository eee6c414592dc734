// The screens of an alarm: ringing, resting, asking whether one is up, over, and the clock beside the bed.

import { cardOf, nextAlarm } from "../core/alarm-session.js";
import { clockwork } from "../core/alarms.js";
import { clock, stamp } from "../core/clock.js";
import { h, setText, show } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { timeIn } from "../core/weekdays.js";
import { unlock } from "../core/sound.js";
import { inText } from "./alarm-words.js";
import { busy } from "./controls.js";
import { spanText } from "./countdown.js";
import { icon } from "./icons.js";
import { taskCard } from "./task.js";

/** The head of the screen: the way out, the connection, how far the mission is. */
export function ringHead() {
  const steps = h("p", { class: "ring-steps", hidden: true });
  const note = h("p", { class: "ring-note", role: "status", hidden: true });
  const sound = h(
    "button",
    { type: "button", class: "button small", hidden: true, on: { click: unlock } },
    icon("bell"),
    t("ring.soundOn"),
  );
  const element = h(
    "header",
    { class: "ring-head" },
    h("h1", { class: "unseen", text: t("ring.title") }),
    h("a", { class: "icon-button", href: "/alarms", "aria-label": t("ring.leave") }, icon("close")),
    note,
    steps,
    sound,
  );
  return {
    element,
    draw({ session, offline, blocked }) {
      show(sound, blocked);
      show(note, offline);
      if (offline) setText(note, t("ring.offline"));
      show(steps, Boolean(session?.needed) && session.stage !== "wake_check");
      if (session?.needed) {
        steps.replaceChildren(
          ...Array.from({ length: session.needed }, (_, n) =>
            h("span", { class: n < session.answered ? "step-dot on" : "step-dot", "aria-hidden": "true" }),
          ),
          h("span", { class: "unseen", text: t("ring.progress", session) }),
        );
      }
    },
  };
}

/** The large clock with a line under it. */
export function bigClock(under) {
  const time = h("p", { class: "ring-clock figures", role: "timer", "aria-live": "off" });
  const line = h("p", { class: "ring-under", text: under });
  const element = h("div", { class: "ring-time" }, time, line);
  const update = (text) => {
    setText(time, timeIn(clockwork.value?.zone, clock.now(), language()));
    if (text !== undefined) setText(line, text);
  };
  update();
  return { element, update };
}

/** A button that waits for its own answer. */
export function act(text, sign, run, more = {}) {
  const button = h("button", { type: "button", ...more, class: `button ${more.class ?? ""}` }, icon(sign), h("span", { text }));
  button.addEventListener("click", () => busy(button, run));
  return button;
}

/** The emergency stop: the first touch asks, the second stops. */
export function emergency(run) {
  const ask = h("button", { type: "button", class: "button quiet emergency" }, icon("stop"), t("ring.emergency"));
  const yes = act(t("ring.emergencyYes"), "stop", run, { class: "danger", "data-act": "emergency" });
  const no = h("button", { type: "button", class: "button quiet", text: t("ring.emergencyNo") });
  const question = h(
    "div",
    { class: "emergency-ask", role: "group", "aria-label": t("ring.emergency"), hidden: true },
    h("p", { text: t("ring.emergencyCost") }),
    h("div", { class: "form-actions" }, yes, no),
  );
  const open = (on) => {
    show(question, on);
    show(ask, !on);
    (on ? yes : ask).focus();
  };
  ask.addEventListener("click", () => open(true));
  no.addEventListener("click", () => open(false));
  return h("div", { class: "emergency-place" }, ask, question);
}

function snoozeButton(acts) {
  const button = act("", "snooze", acts.snooze, { class: "big", "data-act": "snooze" });
  const text = button.querySelector("span");
  return {
    button,
    update: (session) => {
      show(button, session.snoozesLeft > 0);
      setText(text, t("ring.snooze", { minutes: session.snoozeMinutes, left: session.snoozesLeft }));
    },
  };
}

/** The main button of a session: to the task, or to stop it. */
function mainButton(acts) {
  const start = act(t("ring.start"), "eye", acts.start, { class: "primary huge", "data-act": "start" });
  const stop = act(t("ring.stop"), "check", acts.stop, { class: "primary huge", "data-act": "stop" });
  return {
    nodes: [start, stop],
    update: (session) => {
      show(start, !session.mayStop);
      show(stop, session.mayStop);
    },
    focus: () => (start.hidden ? stop : start).focus({ preventScroll: true }),
  };
}

export function ringingView(acts) {
  const big = bigClock("");
  const main = mainButton(acts);
  const snooze = snoozeButton(acts);
  const why = h("p", { class: "ring-why" });
  return {
    element: h(
      "div",
      { class: "ring-screen" },
      h("div", { class: "ring-bell" }, icon("alarm")),
      big.element,
      why,
      h("div", { class: "ring-acts" }, ...main.nodes, snooze.button, emergency(acts.emergency)),
    ),
    said: t("ring.ringing"),
    focus: main.focus,
    update: ({ session }) => {
      big.update(session.title || t("ring.ringing"));
      setText(
        why,
        session.excused
          ? t(`ring.excused.${session.excused}`)
          : session.needed
            ? t("ring.needs", { left: session.needed - session.answered })
            : "",
      );
      main.update(session);
      snooze.update(session);
    },
  };
}

export function restView(acts) {
  const big = bigClock("");
  const main = mainButton(acts);
  return {
    element: h(
      "div",
      { class: "ring-screen calm" },
      big.element,
      h("div", { class: "ring-acts" }, ...main.nodes, emergency(acts.emergency)),
    ),
    said: t("ring.snoozed"),
    update: ({ session }) => {
      big.update(t("ring.snoozedUntil", { left: spanText(stamp(session.until) - clock.now()) }));
      main.update(session);
    },
  };
}

export function checkView(acts) {
  const big = bigClock(t("ring.checkAsk"));
  const left = h("p", { class: "ring-why figures", role: "timer", "aria-live": "off" });
  const yes = act(t("ring.awake"), "sun", acts.awake, { class: "primary huge", "data-act": "awake" });
  return {
    element: h("div", { class: "ring-screen" }, big.element, left, h("div", { class: "ring-acts" }, yes)),
    said: t("ring.checkAsk"),
    focus: () => yes.focus({ preventScroll: true }),
    update: ({ session }) => {
      big.update();
      setText(left, t("ring.checkLeft", { left: spanText(stamp(session.until) - clock.now()) }));
    },
  };
}

/** After it was stopped. */
export function doneView({ offline = false, how, points = 0 }) {
  const streak = h("p", { class: "streak" });
  const check = h("p", { class: "ring-why" });
  const title = offline ? t(how === "emergency" ? "ring.stoppedHere" : "ring.doneOffline") : t("ring.done");
  return {
    element: h(
      "div",
      { class: "ring-screen dawn" },
      h("div", { class: "ring-sun" }, icon(offline ? "cloudOff" : "sun")),
      h("h2", { text: title }),
      offline ? h("p", { class: "ring-under", text: t("ring.willTell") }) : streak,
      points > 0 && h("p", { class: "ring-points figures", text: t("ring.points", { points }) }),
      check,
      h(
        "div",
        { class: "ring-acts" },
        h("a", { class: "button primary big", href: "/alarms", text: t("ring.toAlarms") }),
        h("a", { class: "button quiet", href: "/labels", text: t("ring.more") }),
      ),
    ),
    said: title,
    update: ({ view, session }) => {
      const days = view?.streak?.days ?? 0;
      streak.replaceChildren(...(days > 0 ? [icon("flame"), t("alarms.streakDays", { days })] : []));
      setText(
        check,
        session?.askAt ? t("ring.checkLater", { left: spanText(Math.max(0, stamp(session.askAt) - clock.now())) }) : "",
      );
    },
  };
}

/** Without a connection: a task of the stored pack where there is one, and the stop always. */
export function offlineView({ session, pack, kept, stop }) {
  const alarm = kept?.alarm ?? null;
  const needed = session ? Math.max(0, session.needed - session.answered) : alarm?.mission ? (alarm.answers ?? 1) : 0;
  const place = h("div", { class: "offline-place" });
  const big = bigClock(session?.title || alarm?.title || t("ring.ringing"));
  const finish = (how) => stop(how);
  const plain = (text) =>
    h(
      "button",
      { type: "button", class: "button primary huge", "data-act": "stop-here", on: { click: () => finish("plain") } },
      icon("check"),
      h("span", { text }),
    );
  const showTask = (left) => {
    const task = cardOf(pack.tasks(clock.now())[0]);
    if (left <= 0 || !task) {
      place.replaceChildren(
        big.element,
        h("p", { class: "ring-why", text: t(needed > 0 && left > 0 ? "ring.offlineNoTask" : "ring.offlineStop") }),
        plain(t("ring.stop")),
      );
      return;
    }
    const card = taskCard(task, {
      answer: async (text) => {
        pack.answer(task, text);
        if (left - 1 <= 0) finish("mission");
        else showTask(left - 1);
      },
    });
    place.replaceChildren(card.element);
  };
  showTask(needed);
  return {
    element: h(
      "div",
      { class: "ring-screen offline mission" },
      place,
      h(
        "div",
        { class: "ring-acts" },
        emergency(async () => finish("emergency")),
      ),
    ),
    said: t("ring.offline"),
    update: () => big.update(),
  };
}

/** Nothing rings: a clock for the night that keeps the screen on and may ring by itself. */
export function bedside({ keep, again, signal }) {
  const big = bigClock("");
  const state = h("p", { class: "ring-why", role: "status" });
  const night = act(t("ring.nightOn"), "moon", () => lieDown(), { class: "primary big" });
  let lock = null;
  const lieDown = async () => {
    again();
    await unlock();
    const kept = await keep().catch(() => false);
    try {
      lock = await navigator.wakeLock?.request("screen");
    } catch {
      lock = null;
    }
    setText(state, t(kept ? (lock ? "ring.nightReady" : "ring.nightReadyDim") : "ring.nightNoPlan"));
    night.hidden = true;
  };
  signal.addEventListener("abort", () => lock?.release().catch(() => {}), { once: true });
  return {
    element: h(
      "div",
      { class: "ring-screen calm night" },
      big.element,
      state,
      h("div", { class: "ring-acts" }, night, h("a", { class: "button quiet", href: "/alarms", text: t("ring.toAlarms") })),
    ),
    leave: () => lock?.release().catch(() => {}),
    update: ({ view }) => {
      const next = view && nextAlarm(view.alarms);
      big.update(next ? `${next.time} · ${inText(next.next_at, clock.now())}` : t("alarms.nothing"));
    },
  };
}
