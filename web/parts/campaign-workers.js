// Who labels a campaign, and how well.

import { api, query } from "../core/api.js";
import { h, setText, show } from "../core/dom.js";
import { count, t, when } from "../core/i18n.js";
import { bar } from "./chart.js";
import { busy, confirmed, empty, toastProblem } from "./controls.js";
import { pager } from "./pager.js";

/**
 * @param {number} id of the campaign
 * @param {AbortSignal} signal
 */
export function campaignWorkers(id, signal) {
  const head = ["worker", "answers", "right", "gold", "accuracy", "reliability", "agreement", "action"].map((name) =>
    h("th", { scope: "col", text: t(`workers.${name}`) }),
  );
  const summary = h("p", { class: "hint figures quality", hidden: true });
  const known = new Map();
  api("GET", `/campaigns/${id}/quality`, { signal }).then(
    (quality) => {
      for (const person of quality.workers) known.set(person.worker, person);
      for (const cell of list.element.querySelectorAll("[data-kappa]"))
        setText(cell, agreementOf(known.get(Number(cell.dataset.kappa))));
      setText(summary, summaryOf(quality));
      show(summary, Boolean(summary.textContent));
    },
    // It is counted over everything; where that cannot be now, the list says the rest.
    () => {},
  );
  const list = pager({
    list: h(
      "table",
      { class: "table workers" },
      h("caption", { class: "unseen", text: t("campaign.tab.workers") }),
      h("thead", null, h("tr", null, ...head)),
      h("tbody"),
    ),
    fetch: (cursor) => api("GET", `/campaigns/${id}/workers${query({ cursor, limit: 50 })}`, { signal }),
    row: (worker) => row(id, worker, known, () => list.renew()),
    none: () => empty(t("workers.none"), null),
    signal,
  });
  list.element.prepend(summary);
  return list;
}

const share = (value) => `${(value * 100).toFixed(1)}%`;

/** What all answers together say: agreement beyond chance, and how far readings are from what was decided. */
function summaryOf({ krippendorff, fleiss, reading }) {
  const facts = [];
  if (krippendorff !== null) facts.push(t("quality.alpha", { value: krippendorff.toFixed(2) }));
  if (fleiss !== null) facts.push(t("quality.kappa", { value: fleiss.toFixed(2) }));
  if (typeof reading?.cer === "number")
    facts.push(t("quality.cer", { cer: share(reading.cer), jamo: share(reading.cer_jamo) }));
  return facts.join(" · ");
}

/** Kappa with what was chosen, and the character error rate. */
function agreementOf(person) {
  if (!person) return "–";
  const kappa = person.kappa === null ? "–" : `κ ${person.kappa.toFixed(2)}`;
  return typeof person.reading?.cer === "number" ? `${kappa} · ${share(person.reading.cer)}` : kappa;
}

function row(id, worker, known, changed) {
  const { answers, right, wrong, gold, accuracy, interval, reliability, excluded } = worker;
  const settled = right + wrong;
  const told = interval
    ? t("workers.between", { from: Math.round(interval[0] * 100), to: Math.round(interval[1] * 100) })
    : t("workers.unknown");
  const act = h("button", {
    type: "button",
    class: `button small ${excluded ? "" : "quiet danger-text"}`,
    text: t(excluded ? "workers.readmit" : "workers.exclude"),
  });
  act.addEventListener("click", () => change(act, id, worker, changed));
  const cell = (name, ...inside) => h("td", { data: { label: t(`workers.${name}`) } }, ...inside);
  return h(
    "tr",
    { class: excluded ? "excluded" : "" },
    h(
      "th",
      { scope: "row" },
      h("strong", { text: t("workers.number", { worker: worker.worker }) }),
      excluded && h("span", { class: "hint", text: excludedText(excluded) }),
    ),
    cell("answers", h("span", { class: "figures", text: count(answers) })),
    cell("right", h("span", { class: "figures", text: settled ? `${Math.round((right / settled) * 100)}%` : "–" })),
    cell("gold", h("span", { class: "figures", text: gold?.total ? `${gold.correct}/${gold.total}` : "–" })),
    cell(
      "accuracy",
      h(
        "span",
        { class: "accuracy" },
        bar(accuracy ?? 0.5, (accuracy ?? 0.5) < 0.6 ? "low" : "done"),
        h("span", { class: "hint figures", text: told }),
      ),
    ),
    cell(
      "reliability",
      typeof reliability === "number"
        ? h(
            "span",
            { class: "accuracy" },
            bar(reliability, reliability < 0.6 ? "low" : "done"),
            h("span", { class: "hint figures", text: `${Math.round(reliability * 100)}%` }),
          )
        : h("span", { class: "figures", text: "–" }),
    ),
    cell(
      "agreement",
      h("span", { class: "figures", data: { kappa: worker.worker }, text: agreementOf(known.get(worker.worker)) }),
    ),
    h("td", { class: "end" }, act),
  );
}

function excludedText({ reason, until }) {
  const why = typeof reason === "string" ? t(`workers.reason.${reason}`) : (reason?.person ?? "");
  return until ? t("workers.excludedUntil", { why, at: when(until) }) : t("workers.excluded", { why });
}

async function change(button, id, { worker, excluded }, changed) {
  const verb = excluded ? "readmit" : "exclude";
  let body = {};
  if (!excluded) {
    const answer = await confirmed({
      title: t("workers.excludeAsk"),
      text: t("workers.excludeText"),
      confirm: t("workers.exclude"),
      danger: true,
      reason: t("workers.why"),
    });
    if (!answer) return;
    body = { reason: answer.reason || t("workers.noReason") };
  }
  await busy(button, async () => {
    try {
      await api("POST", `/campaigns/${id}/workers/${worker}/${verb}`, { body, key: crypto.randomUUID() });
      changed();
    } catch (problem) {
      toastProblem(problem);
    }
  });
}
