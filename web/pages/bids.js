// Every bid that the person tried, with what came of it.

import { api, query } from "../core/api.js";
import { onAnswer } from "../core/bids.js";
import { h } from "../core/dom.js";
import { money, t, when } from "../core/i18n.js";
import { resultText } from "../parts/attempt.js";
import { empty } from "../parts/controls.js";
import { pager } from "../parts/pager.js";
import { signInFirst } from "./sign-in-first.js";

export function bids({ signal, title }) {
  title(t("nav.bids"));
  const gate = signInFirst();
  if (gate) return gate;
  const head = ["bids.lot", "bids.max", "bids.result", "bids.at"].map((key) => h("th", { scope: "col", text: t(key) }));
  const list = h(
    "table",
    { class: "table" },
    h("caption", { class: "unseen", text: t("nav.bids") }),
    h("thead", null, h("tr", null, ...head)),
    h("tbody"),
  );
  const { element, renew } = pager({
    list,
    fetch: (after) => api("GET", `/me/bids${query({ after, limit: 50 })}`, { signal }),
    row: attempt,
    none: () =>
      empty(
        t("bids.none"),
        t("bids.noneHint"),
        h("a", { class: "button primary", href: "/auctions", text: t("world.auctions") }),
      ),
    signal,
  });
  onAnswer(renew, signal);
  return h(
    "section",
    { class: "medium" },
    h("h1", { text: t("nav.bids") }),
    h("p", { class: "lead", text: t("bids.lead") }),
    element,
  );
}

function attempt(bid) {
  const { auction, at, max, result, seq } = bid;
  return h(
    "tr",
    null,
    h(
      "td",
      { data: { label: t("bids.lot") } },
      h("a", { href: `/auctions/${auction}`, text: bid.title || t("lot.number", { id: auction }) }),
    ),
    h("td", { class: "figures", data: { label: t("bids.max") }, text: money(max.amount, max.currency) }),
    h(
      "td",
      { data: { label: t("bids.result") } },
      h("span", { class: `result ${result}`, text: resultText(bid) }),
      h("span", { class: "seq figures", text: t("bids.seq", { seq }) }),
    ),
    h("td", { data: { label: t("bids.at") } }, h("time", { datetime: at, text: when(at, "moment") })),
  );
}
