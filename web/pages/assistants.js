// For admins: whom people can talk to.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { holds } from "../core/session.js";
import { empty, fill } from "../parts/controls.js";
import { notYours, signInFirst } from "./sign-in-first.js";

export function assistantsPage({ signal, title }) {
  title(t("nav.assistants"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  const place = h("div");
  fill(place, () => api("GET", "/assistants", { signal }), list, signal);
  return h(
    "section",
    { class: "medium" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { text: t("nav.assistants") }),
      h("a", { class: "button primary", href: "/admin/assistants/new", text: t("assistant.new") }),
    ),
    h("p", { class: "aside", text: t("assistant.how") }),
    place,
  );
}

function list({ items }) {
  if (items.length === 0) return empty(t("assistant.none"));
  return h("ul", { class: "rows articles" }, ...items.map(row));
}

function row({ name, title_ko, title_en, temperature, health, enabled, sources, tags }) {
  const chips = [
    !enabled && t("assistant.off"),
    health && t("assistant.isHealth"),
    t("assistant.warmth", { temperature: Number(temperature.toFixed(2)) }),
    ...[...sources, ...tags].slice(0, 4),
  ];
  return h(
    "li",
    { class: "article-row" },
    h(
      "span",
      null,
      h("a", { href: `/admin/assistants/${name}`, text: language() === "ko" ? title_ko : title_en }),
      h("span", { class: "hint", text: ` ${name}` }),
    ),
    h("span", { class: "article-tags" }, ...chips.filter(Boolean).map((text) => h("span", { class: "chip", text }))),
  );
}
