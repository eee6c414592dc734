// A forgotten password: an address, the code that was sent there, a new password.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { signIn } from "../core/session.js";
import { field, form, toast } from "../parts/controls.js";
import { resendButton } from "../parts/resend.js";

export function passwordPage({ signal, title }) {
  title(t("password.title"));
  const steps = h("div");
  askAddress(steps, signal);
  return h(
    "section",
    { class: "narrow card" },
    h("h1", { text: t("password.title") }),
    steps,
    h("p", { class: "aside" }, h("a", { href: "/sign-in", text: t("signIn") })),
  );
}

function askAddress(place, signal) {
  const email = field(
    t("form.email"),
    { type: "email", name: "email", autocomplete: "username", required: true, maxlength: 254 },
    { hint: t("signUp.emailHint") },
  );
  place.replaceChildren(
    form({
      label: t("signUp.sendCode"),
      children: [email],
      submit: async () => {
        const address = email.control.value.trim();
        const send = () => api("POST", "/password-codes", { body: { email: address, locale: language() }, anonymous: true });
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
  const password = field(
    t("form.newPassword"),
    { type: "password", name: "password", autocomplete: "new-password", required: true, minlength: 8, maxlength: 128 },
    { hint: t("signUp.passwordHint") },
  );
  const made = form({
    label: t("password.set"),
    children: [
      h("p", { class: "lead" }, t("signUp.sent", { email: address })),
      h("p", { class: "hint" }, h("a", { href: "/outbox", target: "_blank", text: t("signUp.outbox") })),
      code,
      password,
    ],
    extra: [resendButton(send, times, signal)],
    submit: async () => {
      const body = { email: address, code: code.control.value.trim().toUpperCase(), password: password.control.value };
      await api("POST", "/passwords", { body, anonymous: true });
      toast({ text: t("password.done"), tone: "good" });
      await signIn({ email: address, password: password.control.value });
    },
  });
  place.replaceChildren(made);
  code.control.focus();
}
