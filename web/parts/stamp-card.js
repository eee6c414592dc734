// A card of stamps: as many places as an entry costs, those that one has filled.

import { h, s } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** @returns {{element: HTMLElement, update: (stamps: number, places: number) => void}} */
export function stampCard() {
  const element = h("div", { class: "stamp-card", role: "img" });
  const update = (stamps, places) => {
    const cards = Math.floor(stamps / places);
    const filled = stamps >= places && stamps % places === 0 ? places : stamps % places;
    element.setAttribute("aria-label", t("points.cardLabel", { filled, places, cards }));
    element.replaceChildren(...Array.from({ length: places }, (_, place) => spot(place < filled)));
  };
  return { element, update };
}

function spot(full) {
  const mark = full && s("path", { d: "M10 20.5 17 27 30 13", fill: "none", stroke: "currentColor", "stroke-width": 3 });
  return h(
    "span",
    { class: full ? "stamp full" : "stamp" },
    s("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" }, s("circle", { cx: 20, cy: 20, r: 17 }), mark),
  );
}
