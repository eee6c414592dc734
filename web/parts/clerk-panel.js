// The controls of who runs the sale, and what only they may see.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { money, t, when } from "../core/i18n.js";
import { holds, session } from "../core/session.js";
import { resultText } from "./attempt.js";
import { busy, confirmed, toastProblem } from "./controls.js";

const RENEW_AFTER = 700;
/** So many attempts are listed. */
const SHOWN = 20;

const ACTIONS = {
  open: { states: ["scheduled"], seller: true },
  edit: { states: ["scheduled"], seller: true, page: (lot) => `/desk/edit/${lot.id}` },
  pause: { states: ["live"] },
  resume: { states: ["paused"] },
  close: { states: ["live", "paused"], ask: true },
  cancel: { states: ["scheduled", "live", "paused"], seller: true, ask: true, danger: true, reason: true },
};

/** What this person may do with a lot in its present state. */
export function actionsFor(lot) {
  const seller = session.value.user && lot.seller === session.value.user.id;
  return Object.entries(ACTIONS)
    .filter(([, { states, seller: also }]) => states.includes(lot.state) && (holds("clerk") || (seller && also && !lot.bids)))
    .map(([name]) => name);
}

/**
 * Does one action, after asking where it cannot be taken back.
 * @returns {Promise<any>} the new view, or null when declined
 */
export async function act(name, lot) {
  const { ask, danger, reason } = ACTIONS[name];
  let body = { command_id: crypto.randomUUID() };
  if (ask) {
    const answer = await confirmed({
      title: t(`clerk.${name}.ask`),
      text: t(`clerk.${name}.text`),
      confirm: t(`clerk.${name}`),
      danger,
      reason: reason ? t("clerk.reason") : undefined,
    });
    if (!answer) return null;
    if (answer.reason) body = { ...body, reason: answer.reason };
  }
  return api("POST", `/auctions/${lot.id}/${name}`, { body });
}

/** A button for each thing that can be done now. */
export function actionButtons(lot, done) {
  return actionsFor(lot).map((name) => {
    const { page } = ACTIONS[name];
    if (page) return h("a", { class: "button small quiet", data: { action: name }, href: page(lot), text: t(`clerk.${name}`) });
    return h("button", {
      type: "button",
      class: `button small ${name === "cancel" ? "quiet danger-text" : name === "open" || name === "resume" ? "primary" : ""}`,
      data: { action: name },
      text: t(`clerk.${name}`),
      on: {
        click: ({ currentTarget }) =>
          busy(currentTarget, async () => {
            try {
              const view = await act(name, lot);
              if (view) done(view);
            } catch (problem) {
              toastProblem(problem);
            }
          }),
      },
    });
  });
}

/**
 * @param {import("../core/store.js").Store<any>} lot
 * @param {AbortSignal} signal
 */
export function clerkPanel(lot, signal) {
  const buttons = h("div", { class: "form-actions" });
  const facts = h("dl", { class: "facts" });
  const book = h("div");
  const attempts = h("div");
  const element = h(
    "section",
    { class: "clerk card", "aria-labelledby": "clerk-title", hidden: true },
    h("h2", { id: "clerk-title", text: t("clerk.title") }),
    buttons,
    facts,
    book,
    attempts,
  );
  let key = null;
  let timer = null;
  lot.watch((now) => {
    const may = actionsFor(now);
    element.hidden = may.length === 0 && !now.clerk;
    if (key !== `${now.state} ${may}`) {
      key = `${now.state} ${may}`;
      buttons.replaceChildren(...actionButtons(now, (view) => lot.set({ ...lot.value, ...view })));
    }
    facts.replaceChildren(...clerkFacts(now));
    drawBook(book, now, (view) => lot.set({ ...lot.value, ...view }));
    if (now.clerk)
      timer ??= setTimeout(() => {
        timer = null;
        drawAttempts(now.id, attempts, signal);
      }, RENEW_AFTER);
  }, signal);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return element;
}

function clerkFacts({ clerk, currency }) {
  if (!clerk) return [];
  const row = (key, amount) =>
    h(
      "div",
      null,
      h("dt", { text: t(key) }),
      h("dd", { class: "figures", text: amount === null || amount === undefined ? "–" : money(amount, currency) }),
    );
  // They are listed by their maxima, the highest first.
  const second = clerk.bidders?.filter(({ max }) => max !== null)[1]?.max;
  return [row("clerk.reserve", clerk.reserve), row("clerk.leaderMax", clerk.leader_max), row("clerk.second", second)];
}

/** Who stands in the book, each with the way to take their bids back. Drawn anew only when it differs. */
function drawBook(place, lot, done) {
  const bidders = (lot.clerk?.bidders ?? []).filter(({ max }) => max !== null);
  const may = holds("clerk") && (lot.state === "live" || lot.state === "paused");
  const key = JSON.stringify([may, bidders]);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  if (bidders.length === 0) return place.replaceChildren();
  const open = place.querySelector("details")?.open ?? false;
  const rows = bidders.map((bidder) =>
    h(
      "li",
      null,
      h("span", { class: "figures", text: `#${bidder.paddle} · ${money(bidder.max, lot.currency)}` }),
      may &&
        h("button", {
          type: "button",
          class: "button small quiet danger-text",
          data: { retract: bidder.paddle },
          text: t("clerk.retract"),
          on: { click: ({ currentTarget }) => busy(currentTarget, () => retract(lot, bidder, done)) },
        }),
    ),
  );
  const list = h("ul", { class: "rows" }, ...rows);
  place.replaceChildren(h("details", { class: "rules", open }, h("summary", { text: t("clerk.book") }), list));
}

async function retract(lot, { paddle, user }, done) {
  const answer = await confirmed({
    title: t("clerk.retract.ask", { paddle }),
    text: t("clerk.retract.text"),
    confirm: t("clerk.retract"),
    danger: true,
    reason: t("clerk.reason"),
  });
  if (!answer) return;
  try {
    const body = { command_id: crypto.randomUUID(), bidder: user, reason: answer.reason };
    done(await api("POST", `/auctions/${lot.id}/retract`, { body }));
  } catch (problem) {
    toastProblem(problem);
  }
}

/** Every attempt, the refused ones with their reason. */
async function drawAttempts(id, place, signal) {
  try {
    const { items } = await api("GET", `/auctions/${id}/bids${query({ limit: SHOWN })}`, { signal });
    if (signal.aborted || items.length === 0) return;
    const head = ["bids.at", "clerk.bidder", "bids.max", "bids.result"].map((name) => h("th", { scope: "col", text: t(name) }));
    const rows = h("tbody", null, ...items.map(attempt));
    const table = h("table", { class: "table compact" }, h("thead", null, h("tr", null, ...head)), rows);
    const open = place.querySelector("details")?.open ?? false;
    const summary = h("summary", { text: t("clerk.attempts") });
    place.replaceChildren(h("details", { class: "rules", open }, summary, h("div", { class: "scroll" }, table)));
  } catch {
    // Shown again with the next bid.
  }
}

function attempt({ at, paddle, user, max, result, code, message }) {
  return h(
    "tr",
    null,
    h("td", { class: "figures", text: when(at, "second") }),
    h("td", { text: [paddle ? `#${paddle}` : "", user?.name ?? ""].filter(Boolean).join(" ") }),
    h("td", { class: "figures", text: money(max.amount, max.currency) }),
    h("td", { class: code ? "minus" : "", text: resultText({ result, code, message }) }),
  );
}
