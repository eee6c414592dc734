// What somebody has earned by answering, the stamps they bought with it, and the raffles they entered.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { count, t } from "../core/i18n.js";
import { Store } from "../core/store.js";
import { busy, empty, fill, toast, toastProblem } from "../parts/controls.js";
import { stampCard } from "../parts/stamp-card.js";
import { signInFirst } from "./sign-in-first.js";

export function pointsPage({ signal, title }) {
  title(t("nav.points"));
  const gate = signInFirst();
  if (gate) return gate;
  const place = h("div", { class: "points" });
  fill(
    place,
    () => api("GET", "/points", { signal }),
    (points) => draw(new Store(points), signal),
    signal,
  );
  return h("section", { class: "medium" }, h("h1", { text: t("nav.points") }), place);
}

function draw(points, signal) {
  const account = h("dl", { class: "account card points-account" });
  const card = stampCard();
  const entries = h("div");
  points.watch((now) => {
    account.replaceChildren(
      row("points.points", now.points, "account-main"),
      row("points.pending", now.pending),
      row("points.stamps", now.stamps),
    );
    card.update(now.stamps, now.entry_stamps);
    entries.replaceChildren(...entryList(now.entries));
  }, signal);
  return [
    account,
    h(
      "div",
      { class: "two" },
      h(
        "section",
        { class: "card" },
        h("h2", { text: t("points.card") }),
        card.element,
        h("p", { class: "hint", text: t("points.cardHint") }),
        h("a", { class: "button", href: "/raffles", text: t("points.toRaffles") }),
      ),
      buying(points, signal),
    ),
    entries,
  ];
}

function row(key, number, name) {
  return h("div", { class: name }, h("dt", { text: t(key) }), h("dd", { class: "figures", text: count(number) }));
}

/** Buying: one stamp, a card full, or all that the points are good for. */
function buying(points, signal) {
  const buttons = h("div", { class: "quick" });
  points.watch(({ points: have, stamp_points: price, entry_stamps: card, max_stamps_at_once: most }) => {
    const can = Math.min(Math.floor(have / price), most);
    const amounts = [...new Set([1, card, can])].filter((number) => number > 0).sort((a, b) => a - b);
    buttons.replaceChildren(...amounts.map((number) => buy(points, number, number > can, price, signal)));
  }, signal);
  return h(
    "section",
    { class: "card", "aria-labelledby": "buy-stamps" },
    h("h2", { id: "buy-stamps", text: t("points.buy") }),
    h("p", { class: "hint", text: t("points.buyHint", { points: points.value.stamp_points }) }),
    buttons,
  );
}

function buy(points, number, tooMany, price, signal) {
  // The same id until it is answered: a second press after a lost answer buys nothing twice.
  const key = crypto.randomUUID();
  const click = ({ currentTarget }) =>
    busy(currentTarget, async () => {
      try {
        await api("POST", "/stamps", { body: { count: number }, key });
        toast({ text: t("points.bought", { count: number }), tone: "good" });
      } catch (problem) {
        toastProblem(problem);
      }
      const now = await api("GET", "/points", { signal }).catch(() => null);
      if (now) points.set(now);
    });
  return h(
    "button",
    { type: "button", class: "button small quiet", disabled: tooMany, data: { count: String(number) }, on: { click } },
    h("span", { text: t("points.buyCount", { count: number }) }),
    h("span", { class: "figures aside", text: t("points.cost", { points: count(number * price) }) }),
  );
}

function entryList(entries) {
  const heading = h("h2", { id: "own-entries", text: t("points.entries") });
  if (entries.length === 0) return [h("section", null, heading, empty(t("points.noEntries"), t("points.noEntriesHint")))];
  const line = ({ raffle, title, state, entries: number, won }) =>
    h(
      "li",
      null,
      h(
        "span",
        { class: "entry" },
        h("a", { href: `/raffles/${raffle}`, text: title || t("raffle.number", { id: raffle }) }),
        h("span", { class: "aside", text: t("points.entryCount", { count: number }) }),
        won.length > 0 && h("strong", { class: "plus", text: t("points.won", { prizes: won.join(", ") }) }),
      ),
      h("span", { class: `chip raffle-${state}`, text: t(`raffle.state.${state}`) }),
    );
  return [h("section", { "aria-labelledby": "own-entries" }, heading, h("ul", { class: "rows card" }, ...entries.map(line)))];
}
