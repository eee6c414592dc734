// A passage that was found, with why it was chosen.

import { whyOf } from "../core/knowledge.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

/**
 * @param {any} passage
 * @param {number} place from 1
 * @param {number} best the fused score of the first
 */
export function passageItem(passage, place, best) {
  const why = whyOf(passage.scores, best);
  const title = h("a", { href: `/admin/knowledge/${passage.article}`, text: passage.title });
  return h(
    "li",
    { class: "card passage" },
    h(
      "div",
      { class: "passage-head" },
      h("span", { class: "passage-place figures", text: place }),
      h("h3", null, title),
      h("span", { class: "hint", text: t("knowledge.from", { source: passage.source, version: passage.version }) }),
    ),
    passage.heading && h("p", { class: "passage-heading", text: passage.heading }),
    longText(passage.text),
    h(
      "dl",
      { class: "why" },
      reason("knowledge.words", why.words),
      reason("knowledge.vectors", why.vectors),
      h(
        "div",
        null,
        h("dt", { text: t("knowledge.fused") }),
        h(
          "dd",
          null,
          h("meter", { min: 0, max: 1, value: why.share.toFixed(3), "aria-label": t("knowledge.fused") }),
          h("span", { class: "figures", text: passage.scores.fused.toFixed(4) }),
        ),
      ),
    ),
    passage.url && h("p", { class: "hint" }, h("a", { href: passage.url, target: "_blank", rel: "noopener noreferrer", text: passage.url })),
  );
}

/** The first lines; all of it when asked. */
function longText(text) {
  const body = h("p", { class: "passage-text clipped", text });
  if (text.length < 320) {
    body.classList.remove("clipped");
    return body;
  }
  const more = h("button", { type: "button", class: "button small quiet", "aria-expanded": "false", text: t("knowledge.more") });
  more.addEventListener("click", () => {
    const open = body.classList.toggle("clipped");
    more.textContent = t(open ? "knowledge.more" : "knowledge.less");
    more.setAttribute("aria-expanded", String(!open));
  });
  return h("div", null, body, more);
}

function reason(key, found) {
  const text = found ? t(`${key}.found`, found) : t("knowledge.notFound");
  return h("div", { class: found ? "" : "not" }, h("dt", { text: t(key) }), h("dd", { class: "figures", text }));
}
