// The desk of who sells and who runs sales: every lot with what can be done to it now.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { money, t, when } from "../core/i18n.js";
import { onListChange } from "../core/lists.js";
import { holds } from "../core/session.js";
import { actionButtons } from "../parts/clerk-panel.js";
import { empty } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { pager } from "../parts/pager.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const STATES = ["scheduled", "live", "ended"];
const REFRESH_EVERY = 10_000;

export function desk({ search, signal, title }) {
  title(t("nav.desk"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("seller", "clerk")) return notYours();
  let state = STATES.includes(search.get("state")) ? search.get("state") : "live";
  const list = pager({
    list: h("ul", { class: "desk-lots" }),
    fetch: (after) => api("GET", `/auctions${query({ state, sort: "newest", after, limit: 30 })}`, { signal }),
    row: (lot) => deskLot(lot, () => list.renew()),
    none: () =>
      empty(t(`home.empty.${state}`), null, h("a", { class: "button primary", href: "/desk/new", text: t("desk.new") })),
    signal,
  });
  const tabs = h(
    "div",
    { class: "segments", role: "group", "aria-label": t("filter.state") },
    ...STATES.map((name) =>
      h("button", {
        type: "button",
        value: name,
        "aria-pressed": String(name === state),
        text: t(`filter.${name}`),
        on: {
          click: () => {
            state = name;
            for (const button of tabs.children) button.setAttribute("aria-pressed", String(button.value === state));
            list.renew();
          },
        },
      }),
    ),
  );
  onListChange(
    () => {
      // Not under the hands of who is about to press a button.
      if (!list.element.contains(document.activeElement)) list.renew();
    },
    REFRESH_EVERY,
    signal,
  );
  return h(
    "section",
    { class: "medium" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { text: t("nav.desk") }),
      h("a", { class: "button primary", href: "/desk/new" }, icon("plus"), t("desk.new")),
    ),
    tabs,
    list.element,
  );
}

function deskLot(lot, changed) {
  const time = lot.state === "scheduled" ? lot.starts_at : lot.ends_at;
  const said = time ? t(lot.state === "scheduled" ? "time.startsAt" : "time.endsAt", { at: when(time) }) : t("time.byClerk");
  return h(
    "li",
    { class: "desk-lot card" },
    h(
      "div",
      null,
      h("span", { class: `chip state-${lot.state}`, text: t(`state.${lot.state}`) }),
      h("a", { class: "desk-title", href: `/auctions/${lot.id}`, text: lot.title }),
      h("p", { class: "hint", text: [lot.artist, said].filter(Boolean).join(" · ") }),
    ),
    h("p", {
      class: "figures desk-price",
      text: `${money(lot.price ?? lot.opening_bid ?? 0, lot.currency)} · ${t("lot.bids", { bids: lot.bids ?? 0 })}`,
    }),
    h("div", { class: "form-actions" }, ...actionButtons(lot, changed)),
  );
}
