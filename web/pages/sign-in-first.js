// For pages that show one's own things.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { session } from "../core/session.js";

/** A request to sign in, or null when somebody is. */
export function signInFirst() {
  if (session.value.user) return null;
  const next = encodeURIComponent(location.pathname + location.search);
  return h(
    "section",
    { class: "narrow centre" },
    h("h1", { text: t("signInFirst.title") }),
    h("p", { class: "lead", text: t("signInFirst.text") }),
    h(
      "div",
      { class: "form-actions centre" },
      h("a", { class: "button primary", href: `/sign-in?next=${next}`, text: t("signIn") }),
      h("a", { class: "button quiet", href: `/sign-up?next=${next}`, text: t("signUp") }),
    ),
  );
}

/** For pages of other roles. */
export function notYours() {
  return h(
    "section",
    { class: "narrow centre" },
    h("h1", { text: t("notYours.title") }),
    h("p", { class: "lead", text: t("notYours.text") }),
  );
}
