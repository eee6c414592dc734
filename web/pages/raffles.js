// Raffles: those that take entries, and what became of the others.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { count, t, when } from "../core/i18n.js";
import { oneIn } from "../core/raffle.js";
import { rewrite } from "../core/router.js";
import { holds } from "../core/session.js";
import { empty } from "../parts/controls.js";
import { pager } from "../parts/pager.js";

const STATES = ["open", "drawn", "all"];

export function rafflesPage({ search, signal, title }) {
  title(t("nav.raffles"));
  let state = STATES.includes(search.get("state")) ? search.get("state") : "open";
  const list = pager({
    fetch: (after) => api("GET", `/raffles${query({ state: state === "all" ? "" : state, after, limit: 24 })}`, { signal }),
    row: card,
    none: () => empty(t("raffles.none"), t("raffles.noneHint")),
    signal,
    list: h("ul", { class: "raffle-list" }),
  });
  const ways = h(
    "div",
    { class: "segments", role: "group", "aria-label": t("raffles.which") },
    ...STATES.map((name) =>
      h("button", {
        type: "button",
        value: name,
        text: t(`raffles.${name}`),
        on: {
          click: () => {
            state = name;
            mark();
            rewrite(`/raffles${query({ state: name === "open" ? "" : name })}`);
            list.renew();
          },
        },
      }),
    ),
  );
  const mark = () => {
    for (const button of ways.children) button.setAttribute("aria-pressed", String(button.value === state));
  };
  mark();
  return h(
    "section",
    { class: "medium" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { text: t("nav.raffles") }),
      ways,
      holds("admin") && h("a", { class: "button primary", href: "/raffles/new", text: t("raffles.new") }),
    ),
    h("p", { class: "aside", text: t("raffles.how") }),
    list.element,
  );
}

/** The odds in words. */
export function oddsText(odds) {
  const one = oneIn(odds);
  return one === null ? t("raffle.allWin") : t("raffle.oneIn", { number: count(one) });
}

function card({ id, state, title, entry_stamps, prizes, entries, odds, closes_at, draw_at }) {
  const fact = (key, text) => h("div", null, h("dt", { text: t(key) }), h("dd", { class: "figures", text }));
  const over = state === "drawn" || state === "cancelled";
  return h(
    "li",
    { class: "card raffle-card" },
    h(
      "div",
      { class: "raffle-card-head" },
      h("h2", null, h("a", { href: `/raffles/${id}`, text: title })),
      h("span", { class: `chip raffle-${state}`, text: t(`raffle.state.${state}`) }),
    ),
    h(
      "dl",
      { class: "raffle-facts" },
      fact("raffle.prizes", count(prizes)),
      fact("raffle.entries", count(entries)),
      !over && fact("raffle.odds", oddsText(odds)),
      !over && fact("raffle.cost", t("raffle.stamps", { count: entry_stamps })),
      state !== "cancelled" && fact(over ? "raffle.drawn" : "raffle.closes", when(over ? draw_at : closes_at)),
    ),
  );
}
