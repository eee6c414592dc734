// For addresses that lead nowhere.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

export function notFound({ title }) {
  title(t("notFound.title"));
  return h(
    "section",
    { class: "narrow centre" },
    h("h1", { text: t("notFound.title") }),
    h("p", { class: "lead", text: t("notFound.text") }),
    h("a", { class: "button primary", href: "/", text: t("notFound.home") }),
  );
}
