// How bidding works here, in a few sentences.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";

const QUESTIONS = ["durable", "proxy", "hold", "clock", "anonymous"];

export function about({ title }) {
  title(t("nav.about"));
  return h(
    "section",
    { class: "narrow prose" },
    h("h1", { text: t("about.title") }),
    h("p", { class: "lead", text: t("about.lead") }),
    ...QUESTIONS.map((name) =>
      h("section", null, h("h2", { text: t(`about.${name}.title`) }), h("p", { text: t(`about.${name}.text`) })),
    ),
  );
}
