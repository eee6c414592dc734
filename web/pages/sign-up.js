// Making an account: an address, the code that was sent there, a name and a password.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { navigate } from "../core/router.js";
import { session, signUp } from "../core/session.js";
import { field, form } from "../parts/controls.js";
import { resendButton } from "../parts/resend.js";
import { nextPath } from "./sign-in.js";

export function signUpPage({ search, signal, title }) {
  title(t("signUp"));
  if (session.value.user) {
    queueMicrotask(() => navigate(nextPath(search), { replace: true }));
    return h("section");
  }
  const steps = h("div");
  askAddress(steps, signal);
  return h(
    "section",
    { class: "narrow card" },
    h("h1", { text: t("signUp.title") }),
    steps,
    h("p", { class: "aside" }, t("signUp.have"), " ", h("a", { href: `/sign-in${location.search}`, text: t("signIn") })),
  );
}

function askAddress(place, signal) {
  const email = field(
    t("form.email"),
    { type: "email", name: "email", autocomplete: "email", required: true, maxlength: 254 },
    { hint: t("signUp.emailHint") },
  );
  place.replaceChildren(
    form({
      label: t("signUp.sendCode"),
      children: [email],
      submit: async () => {
        const address = email.control.value.trim();
        const send = () => api("POST", "/email-codes", { body: { email: address, locale: language() }, anonymous: true });
        askCode(place, address, await send(), send, signal);
      },
    }),
  );
}

function askCode(place, address, times, send, signal) {
  const code = field(t("form.code"), {
    name: "code",
    autocomplete: "one-time-code",
    required: true,
    minlength: 6,
    maxlength: 6,
    autocapitalize: "characters",
    spellcheck: "false",
    class: "code",
  });
  const name = field(
    t("form.name"),
    { name: "name", autocomplete: "name", required: true, maxlength: 60 },
    { hint: t("signUp.nameHint") },
  );
  const password = field(
    t("form.newPassword"),
    { type: "password", name: "password", autocomplete: "new-password", required: true, minlength: 8, maxlength: 128 },
    { hint: t("signUp.passwordHint") },
  );
  const made = form({
    label: t("signUp.create"),
    children: [
      h("p", { class: "lead" }, t("signUp.sent", { email: address })),
      h("p", { class: "hint" }, h("a", { href: "/outbox", target: "_blank", text: t("signUp.outbox") })),
      code,
      name,
      password,
    ],
    extra: [resendButton(send, times, signal)],
    submit: () =>
      signUp({
        email: address,
        code: code.control.value.trim().toUpperCase(),
        name: name.control.value.trim(),
        password: password.control.value,
        locale: language(),
      }),
  });
  place.replaceChildren(made);
  code.control.focus();
}
