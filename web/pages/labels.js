// Labeling without an alarm: one task after the other, and what became of one's answers.

import { label } from "../core/alarm-commands.js";
import { api, query } from "../core/api.js";
import { announce, h } from "../core/dom.js";
import { problemText, t, when } from "../core/i18n.js";
import { session } from "../core/session.js";
import { busy, empty, loading } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { morningsIntro } from "../parts/mornings-intro.js";
import { pager } from "../parts/pager.js";
import { taskCard } from "../parts/task.js";

export function labels({ signal, title }) {
  title(t("nav.labels"));
  if (!session.value.user) return morningsIntro();
  const mine = ownVotes(signal);
  const desk = h("div", { class: "card label-desk" });
  const counter = h("p", { class: "label-count figures", role: "status" });
  practice(desk, counter, mine, signal);
  return h(
    "section",
    { class: "wide labels" },
    h(
      "div",
      { class: "page-head" },
      h("div", null, h("h1", { text: t("nav.labels") }), h("p", { class: "lead", text: t("labels.lead") })),
      counter,
    ),
    h(
      "div",
      { class: "labels-grid" },
      desk,
      h("section", { "aria-labelledby": "own-votes" }, h("h2", { id: "own-votes", text: t("labels.mine") }), mine.element),
    ),
  );
}

/** Shows task after task until there is none. */
function practice(desk, counter, mine, signal) {
  let done = 0;
  let points = 0;
  const say = (text, action) => desk.replaceChildren(empty(text, null, action));
  const again = () => h("button", { type: "button", class: "button", text: t("action.retry"), on: { click: next } });

  async function next() {
    desk.replaceChildren(loading());
    try {
      const told = await label("next", {}, signal);
      const task = told?.task ?? (told?.lease ? told : null);
      if (signal.aborted) return;
      if (!task) return say(t("labels.empty"), again());
      show(task);
    } catch (problem) {
      if (!signal.aborted) say(problemText(problem), again());
    }
  }

  function show(task) {
    const held = { campaign: task.campaign, lease: task.lease, fence: task.fence };
    const card = taskCard(task, {
      label: t("labels.send"),
      answer: async (text) => {
        card.busy(true);
        try {
          const answered = await label("answer", { ...held, answer: text }, signal);
          done += 1;
          points += answered.points ?? 0;
          counter.textContent = t("labels.count", { done, points });
          mine.renew();
          next();
        } catch (problem) {
          if (signal.aborted) return;
          card.busy(false);
          card.say(problemText(problem));
          announce(problemText(problem), "assertive");
        }
      },
    });
    const skip = h("button", { type: "button", class: "button quiet", "data-act": "another" }, icon("next"), t("ring.another"));
    skip.addEventListener("click", () =>
      busy(skip, async () => {
        try {
          await label("skip", held, signal);
        } catch {
          // The lease ends by itself.
        }
        next();
      }),
    );
    desk.replaceChildren(
      card.element,
      h(
        "div",
        { class: "mission-bar" },
        skip,
        task.points > 0 && h("span", { class: "task-points figures", text: t("task.points", { points: task.points }) }),
      ),
    );
    card.focus();
  }

  next();
}

function ownVotes(signal) {
  return pager({
    fetch: (cursor) => api("GET", `/labels/mine${query({ cursor, limit: 20 })}`, { signal }),
    row: (vote) => {
      const state = vote.state;
      return h(
        "li",
        { class: "vote" },
        h(
          "span",
          { class: "vote-answer" },
          h("strong", { text: vote.answer }),
          h("time", { datetime: vote.at, text: when(vote.at) }),
        ),
        h(
          "span",
          { class: "vote-end" },
          h("span", { class: `chip vote-${state}`, text: t(`vote.${state}`) }),
          h("span", { class: "figures", text: t("task.points", { points: vote.points ?? 0 }) }),
        ),
      );
    },
    none: () => empty(t("labels.none"), t("labels.noneHint")),
    signal,
  });
}
