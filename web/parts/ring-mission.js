// The mission's screen: one task, one answer, and what else may be done.

import { clock, stamp } from "../core/clock.js";
import { h, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { spanText } from "./countdown.js";
import { act, bigClock, emergency } from "./ring-views.js";
import { taskCard } from "./task.js";

/**
 * @param {import("../core/alarm-session.js").Session} session
 * @param {Record<string, Function>} acts
 */
export function missionView(session, acts) {
  return session.task ? taskView(session, acts) : betweenView(session, acts);
}

function taskView({ task, snoozesLeft }, acts) {
  const left = h("span", { class: "task-left figures", role: "timer", "aria-live": "off" });
  const card = taskCard(task, {
    answer: async (text) => {
      card.busy(true);
      card.say("");
      try {
        const answered = await acts.answer(task, text);
        if (answered?.passed === false) card.say(t("ring.notPassed"));
      } catch (problem) {
        card.say(acts.text(problem));
      }
      card.busy(false);
    },
  });
  const bar = h(
    "div",
    { class: "mission-bar" },
    act(t("ring.another"), "next", () => acts.another(task), { class: "quiet", "data-act": "another" }),
    snoozesLeft > 0 && act(t("ring.snoozeShort"), "snooze", acts.snooze, { class: "quiet", "data-act": "snooze" }),
    emergency(acts.emergency),
  );
  const points =
    task.points > 0 && h("span", { class: "task-points figures", text: t("task.points", { points: task.points }) });
  return {
    element: h("div", { class: "ring-screen mission" }, h("p", { class: "mission-line" }, points, left), card.element, bar),
    said: task.instructions || t("ring.start"),
    focus: card.focus,
    update: ({ session: now }) => now?.until && setText(left, spanText(Math.max(0, stamp(now.until) - clock.now()))),
  };
}

/** Between two tasks: the next one is one touch away, and it rings again when nothing is done. */
function betweenView(session, acts) {
  const big = bigClock("");
  const next = act(t("ring.nextTask"), "eye", acts.start, { class: "primary huge", "data-act": "start" });
  const stop = act(t("ring.stop"), "check", acts.stop, { class: "primary huge", "data-act": "stop" });
  const why = h("p", { class: "ring-why" });
  // The next task by itself: who is in a mission should not have to look for a button.
  if (!session.mayStop) queueMicrotask(() => next.click());
  return {
    element: h(
      "div",
      { class: "ring-screen" },
      big.element,
      why,
      h("div", { class: "ring-acts" }, next, stop, emergency(acts.emergency)),
    ),
    focus: () => (next.hidden ? stop : next).focus({ preventScroll: true }),
    update: ({ session: now }) => {
      if (!now) return;
      show(next, !now.mayStop);
      show(stop, now.mayStop);
      big.update(now.title);
      setText(
        why,
        now.excused
          ? t(`ring.excused.${now.excused}`)
          : t("ring.ringsAgain", { left: spanText(Math.max(0, stamp(now.until ?? 0) - clock.now())) }),
      );
    },
  };
}
