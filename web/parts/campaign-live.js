// A campaign as it moves: how far it is, how sure, what it costs, when it will be done.

import { appended } from "../core/chart.js";
import { progressOf } from "../core/campaign.js";
import { clock, stamp } from "../core/clock.js";
import { announce, h, setText } from "../core/dom.js";
import { count, t, when } from "../core/i18n.js";
import { lineChart, ring } from "./chart.js";
import { percent, ringOf } from "./campaign-card.js";

/** Points of the line that are kept. */
const MOST = 240;
const SAY_AFTER = 5000;

/**
 * @param {import("../core/store.js").Store<any>} campaign
 * @param {AbortSignal} signal
 */
export function campaignLive(campaign, signal) {
  const chart = ring(t("campaign.progress"));
  const line = lineChart({ label: t("campaign.overTime") });
  const names = ["done", "open", "review", "answers", "agreement", "cost", "workers", "forecast"];
  const values = Object.fromEntries(names.map((name) => [name, h("dd", { class: "figures", data: { figure: name } })]));
  const facts = h(
    "dl",
    { class: "campaign-figures" },
    ...names.map((name) => h("div", { class: `figure ${name}` }, h("dt", { text: t(`figure.${name}`) }), values[name])),
  );
  let history = beginning(campaign.value);
  let said = null;
  campaign.watch((view) => {
    const progress = progressOf(view);
    chart.draw(ringOf(view));
    setText(values.done, t("figure.doneOf", { done: count(progress.done), tasks: count(progress.tasks) }));
    setText(values.open, count(progress.open));
    setText(values.review, count(progress.review));
    setText(values.answers, count(progress.answers));
    setText(values.agreement, progress.agreement_bp === null ? "–" : percent(progress.agreement_bp / 10_000));
    setText(values.cost, costText(progress));
    setText(values.workers, count(view.workers ?? 0));
    setText(values.forecast, forecastText(view, progress));
    const last = history.at(-1);
    if (!last || last.value !== progress.done) history = appended(history, { at: clock.now(), value: progress.done }, MOST);
    line.draw([...history, { at: clock.now(), value: progress.done }], {
      top: Math.max(1, progress.tasks),
      described: t("figure.doneOf", { done: count(progress.done), tasks: count(progress.tasks) }),
    });
    // By ear, too, but not with every answer.
    clearTimeout(said);
    said = setTimeout(() => announce(t("figure.doneOf", { done: progress.done, tasks: progress.tasks })), SAY_AFTER);
  }, signal);
  signal.addEventListener("abort", () => clearTimeout(said), { once: true });
  return h(
    "section",
    { class: "card campaign-live", "aria-label": t("campaign.progress") },
    chart.element,
    h("div", { class: "campaign-line" }, h("h2", { text: t("campaign.overTime") }), line.element),
    facts,
  );
}

/** Labeling began with nothing done; what was done before this page was opened came some time since. */
function beginning(view) {
  const start = view.started_at ? stamp(view.started_at) : null;
  return start ? [{ at: start, value: 0 }] : [];
}

function costText({ points_paid: paid, points_pending: pending }) {
  return pending > 0
    ? t("figure.costPending", { paid: count(paid), pending: count(pending) })
    : t("figure.costPaid", { paid: count(paid) });
}

function forecastText(view, { forecast_at: at, open, tasks }) {
  if (view.state === "completed") return t("campaign.state.completed");
  if (tasks > 0 && open === 0) return t("figure.allAsked");
  // Where answers stopped coming, the moment that was foretold passes, and says nothing any more.
  return at && stamp(at) > clock.now() ? when(at) : "–";
}
