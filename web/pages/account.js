// The person's own account: name, language, devices, signing out.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { t, when } from "../core/i18n.js";
import { session, signOut, updateUser } from "../core/session.js";
import { consent } from "../parts/consent.js";
import { busy, field, fill, form, toast, toastProblem } from "../parts/controls.js";
import { leave } from "../parts/shell.js";
import { signInFirst } from "./sign-in-first.js";

export function account({ signal, title }) {
  title(t("nav.account"));
  const gate = signInFirst();
  if (gate) return gate;
  const { user } = session.value;
  const name = field(t("form.name"), { name: "name", value: user.name, required: true, maxlength: 60, autocomplete: "name" });
  const devices = h("div");
  fill(devices, () => api("GET", "/sessions", { signal }), deviceList, signal);
  return h(
    "section",
    { class: "medium" },
    h("h1", { text: t("nav.account") }),
    h(
      "section",
      { class: "card" },
      h(
        "dl",
        { class: "facts" },
        h("div", null, h("dt", { text: t("form.email") }), h("dd", { text: user.email })),
        h(
          "div",
          null,
          h("dt", { text: t("account.roles") }),
          h("dd", { text: user.roles.map((role) => t(`role.${role}`)).join(", ") }),
        ),
      ),
      form({
        label: t("action.save"),
        children: [name],
        submit: async () => {
          const me = await api("PATCH", "/me", { body: { name: name.control.value.trim() } });
          updateUser({ name: me?.name ?? name.control.value.trim() });
          toast({ text: t("account.saved"), tone: "good" });
        },
      }),
    ),
    h(
      "nav",
      { class: "links card", "aria-label": t("account.more") },
      ...[
        ["/favourites", "nav.favourites"],
        ["/notices", "nav.noticeList"],
        ["/bids", "nav.bids"],
        ["/wallet", "nav.wallet"],
        ["/account/keys", "keys.title"],
      ].map(([href, key]) => h("a", { href, text: t(key) })),
    ),
    consent(signal),
    h(
      "section",
      { class: "card", "aria-labelledby": "devices" },
      h("h2", { id: "devices", text: t("account.devices") }),
      devices,
      h(
        "div",
        { class: "form-actions" },
        h("button", { class: "button", type: "button", text: t("signOut"), on: { click: leave } }),
        h("button", { class: "button quiet", type: "button", text: t("account.everywhere"), on: { click: everywhere } }),
      ),
    ),
  );
}

function deviceList({ items }) {
  return h(
    "ul",
    { class: "rows" },
    ...items.map((device) =>
      h(
        "li",
        null,
        h(
          "span",
          null,
          h("strong", { text: device.device ?? t("account.device") }),
          device.current ? h("span", { class: "chip", text: t("account.thisDevice") }) : null,
        ),
        h("time", {
          datetime: device.used_at ?? device.last_used_at ?? device.created_at,
          text: when(device.used_at ?? device.last_used_at ?? device.created_at),
        }),
      ),
    ),
  );
}

function everywhere({ currentTarget }) {
  return busy(currentTarget, () => signOut({ everywhere: true }).catch(toastProblem));
}
