// The first page: a look into each of the house's worlds.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { onListChange } from "../core/lists.js";
import { holds } from "../core/session.js";
import { feature } from "../parts/feature.js";
import { icon } from "../parts/icons.js";
import { lotCard } from "../parts/lot-card.js";
import { morningCard } from "../parts/morning-card.js";

/** How many lots stand below the featured one. */
const LOTS = 4;
const REFRESH_EVERY = 20_000;

export function home({ signal, title }) {
  title("");
  const first = h("div", { class: "feature-place" });
  const grid = h("div", { class: "grid four", role: "list" });
  const lots = h(
    "section",
    { "aria-labelledby": "home-lots", hidden: true },
    heading("home-lots", t("home.onSale"), "/auctions", t("home.allLots")),
    grid,
  );
  showLots(first, lots, grid, signal);
  onListChange(() => showLots(first, lots, grid, signal), REFRESH_EVERY, signal);
  return h(
    "div",
    { class: "home" },
    h("h1", { class: "unseen", text: t("home.worlds") }),
    h("div", { class: "home-top" }, first, morningCard(signal)),
    lots,
    companies(),
  );
}

function heading(id, text, href, more) {
  return h("div", { class: "page-head" }, h("h2", { id, text }), h("a", { href, class: "more-link" }, more, icon("arrow")));
}

async function showLots(first, section, grid, signal) {
  try {
    const { items } = await api("GET", `/auctions?state=live&sort=ending&limit=${LOTS + 1}`, { signal });
    if (signal.aborted) return;
    // The next one, when the shown one has ended; else it stays as it is.
    if (first.firstElementChild?.lot.id !== items[0]?.id) first.replaceChildren(...items.slice(0, 1).map(feature));
    const rest = items.slice(1);
    section.hidden = rest.length === 0;
    const shown = [...grid.querySelectorAll("[data-lot]")].map((item) => item.dataset.lot).join();
    if (shown !== rest.map(({ id }) => String(id)).join())
      grid.replaceChildren(...rest.map((lot) => h("div", { role: "listitem", data: { lot: lot.id } }, lotCard(lot))));
  } catch {
    // The page of the auctions says what is wrong.
  }
}

function companies() {
  const own = holds("company");
  const steps = ["upload", "answers", "export"].map((step) =>
    h("li", null, h("strong", { text: t(`home.company.${step}`) }), h("span", { text: t(`home.company.${step}.text`) })),
  );
  return h(
    "section",
    { class: "companies-band", "aria-labelledby": "home-company" },
    h(
      "div",
      null,
      h("p", { class: "eyebrow", text: t("world.companies") }),
      h("h2", { id: "home-company", text: t("home.company.title") }),
      h("a", { class: "button", href: "/company" }, t(own ? "home.company.mine" : "home.company.how"), icon("arrow")),
    ),
    h("ol", { class: "band-steps" }, ...steps),
  );
}
