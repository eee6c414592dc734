// The lots that the person keeps an eye on.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { empty, fill } from "../parts/controls.js";
import { lotCard } from "../parts/lot-card.js";
import { signInFirst } from "./sign-in-first.js";

export function favourites({ signal, title }) {
  title(t("nav.favourites"));
  const gate = signInFirst();
  if (gate) return gate;
  const place = h("div");
  fill(
    place,
    () => api("GET", "/favourites", { signal }),
    ({ items }) =>
      items.length === 0
        ? empty(
            t("favourite.empty"),
            t("favourite.hint"),
            h("a", { class: "button primary", href: "/auctions", text: t("world.auctions") }),
          )
        : h("div", { class: "grid" }, ...items.map(lotCard)),
    signal,
  );
  return h("section", { class: "wide" }, h("h1", { text: t("nav.favourites") }), place);
}
