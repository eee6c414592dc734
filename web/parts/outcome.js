// What a sale came to, and its invoice for those whom it concerns.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { money, t, when } from "../core/i18n.js";
import { isOver } from "../core/lot.js";
import { busy, toastProblem } from "./controls.js";

const INVOICE_ROWS = ["hammer", "premium", "vat", "total", "commission", "proceeds"];

/**
 * @param {import("../core/store.js").Store<any>} lot
 * @param {AbortSignal} signal
 */
export function outcome(lot, signal) {
  const element = h("div", { class: "outcome", hidden: true });
  let drawn = null;
  lot.watch((now) => {
    const key = JSON.stringify([now.state, now.outcome, now.mine?.leading]);
    element.hidden = !isOver(now);
    if (!isOver(now) || key === drawn) return;
    drawn = key;
    element.dataset.tone = now.mine?.leading ? "good" : "plain";
    element.replaceChildren(h("h2", { text: heading(now) }), ...reason(now), ...invoice(now.outcome?.invoice), ...payment(lot));
  }, signal);
  return element;
}

function heading(lot) {
  const sold = lot.state === "sold" || lot.state === "settled";
  if (sold && lot.mine?.leading) return t("outcome.won", { amount: money(lot.price, lot.currency) });
  if (sold) return t("outcome.sold", { amount: money(lot.price, lot.currency), paddle: lot.leader ?? "" });
  return t(`outcome.${lot.state}`);
}

function reason({ outcome: result }) {
  return result?.reason ? [h("p", { class: "hint", text: t("outcome.reason", { reason: result.reason }) })] : [];
}

function invoice(bill) {
  if (!bill) return [];
  const rows = INVOICE_ROWS.filter((name) => bill[name] !== undefined && bill[name] !== null && bill[name] !== 0);
  const due = bill.paid_at
    ? t("invoice.paid", { at: when(bill.paid_at) })
    : bill.due_at
      ? t("invoice.due", { at: when(bill.due_at) })
      : "";
  return [
    h(
      "dl",
      { class: "invoice figures" },
      ...rows.map((name) =>
        h("div", { class: name }, h("dt", { text: t(`invoice.${name}`) }), h("dd", { text: money(bill[name], bill.currency) })),
      ),
    ),
    due && h("p", { class: "hint", text: due }),
  ].filter(Boolean);
}

/** Where the sale is paid by invoice, the winner pays from the hold by a button. */
function payment(lot) {
  const { id, state, mine, outcome: result } = lot.value;
  if (state !== "sold" || !mine?.leading || !result?.invoice?.due_at) return [];
  const pay = ({ currentTarget }) =>
    busy(currentTarget, async () => {
      try {
        lot.set({ ...lot.value, ...(await api("POST", `/auctions/${id}/pay`, { body: { command_id: crypto.randomUUID() } })) });
      } catch (problem) {
        toastProblem(problem);
      }
    });
  return [h("button", { class: "button primary", type: "button", text: t("invoice.pay"), on: { click: pay } })];
}
