// Signing in.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { navigate } from "../core/router.js";
import { session, signIn } from "../core/session.js";
import { field, form } from "../parts/controls.js";

/** Where to go afterwards: only within these pages. */
export function nextPath(search) {
  const next = search.get("next") ?? "/";
  return next.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}

export function signInPage({ search, title }) {
  title(t("signIn"));
  if (session.value.user) {
    queueMicrotask(() => navigate(nextPath(search), { replace: true }));
    return h("section");
  }
  const email = field(t("form.email"), {
    type: "email",
    name: "email",
    autocomplete: "username",
    required: true,
    maxlength: 254,
  });
  const password = field(t("form.password"), {
    type: "password",
    name: "password",
    autocomplete: "current-password",
    required: true,
    maxlength: 128,
  });
  return h(
    "section",
    { class: "narrow card" },
    h("h1", { text: t("signIn.title") }),
    form({
      label: t("signIn"),
      children: [email, password],
      submit: () => signIn({ email: email.control.value.trim(), password: password.control.value }),
    }),
    h("p", { class: "aside" }, h("a", { href: "/password", text: t("signIn.forgotten") })),
    h("p", { class: "aside" }, t("signIn.new"), " ", h("a", { href: `/sign-up${location.search}`, text: t("signUp") })),
  );
}
