// What the mornings are, for who is not signed in.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";

export function morningsIntro() {
  const next = encodeURIComponent(location.pathname);
  const steps = ["ring", "read", "earn"].map((step) =>
    h(
      "li",
      { class: "card" },
      h("h2", { text: t(`mornings.${step}`) }),
      h("p", { class: "lead", text: t(`mornings.${step}.text`) }),
    ),
  );
  return h(
    "section",
    { class: "medium intro" },
    h("p", { class: "eyebrow", text: t("world.mornings") }),
    h("h1", { text: t("home.morning.title") }),
    h("p", { class: "lead", text: t("mornings.lead") }),
    h(
      "div",
      { class: "form-actions" },
      h("a", { class: "button primary", href: `/sign-up?next=${next}` }, t("signUp"), icon("arrow")),
      h("a", { class: "button quiet", href: `/sign-in?next=${next}`, text: t("signIn") }),
    ),
    h("ol", { class: "three" }, ...steps),
  );
}
