// Keys with which a person's own programs ask the coach: made, shown once, removed.

import { api } from "../core/api.js";
import { h, show } from "../core/dom.js";
import { t, when } from "../core/i18n.js";
import { confirmed, empty, field, fill, form, toast, toastProblem } from "../parts/controls.js";
import { signInFirst } from "./sign-in-first.js";

export function apiKeysPage({ signal, title }) {
  title(t("keys.title"));
  const gate = signInFirst();
  if (gate) return gate;
  const list = h("div");
  const renew = () => fill(list, () => api("GET", "/api-keys", { signal }), (page) => rows(page, renew), signal);
  renew();
  const fresh = h("section", { class: "card fresh-key", "aria-labelledby": "fresh-key", hidden: true });
  const name = field(
    t("keys.name"),
    { name: "name", required: true, maxlength: 60, autocomplete: "off" },
    { hint: t("keys.nameHint") },
  );
  const submit = async () => {
    const made = await api("POST", "/api-keys", { body: { name: name.control.value.trim() }, signal });
    name.control.value = "";
    fresh.replaceChildren(...shown(made));
    show(fresh, true);
    fresh.querySelector("input").select();
    renew();
  };
  return h(
    "section",
    { class: "medium keys" },
    h(
      "div",
      { class: "page-head" },
      h(
        "div",
        null,
        h("p", { class: "eyebrow" }, h("a", { href: "/account", text: t("nav.account") })),
        h("h1", { text: t("keys.title") }),
      ),
    ),
    h("p", { class: "aside", text: t("keys.how") }),
    form({ label: t("keys.make"), children: [name], submit, class: "form card" }),
    fresh,
    h("section", { class: "card", "aria-labelledby": "own-keys" }, h("h2", { id: "own-keys", text: t("keys.own") }), list),
  );
}

/** A new key, this once, with the shortest way to try it. */
function shown({ key, name }) {
  const box = h("input", { id: "new-key", class: "figures", readonly: true, value: key, spellcheck: "false" });
  const copy = async () => {
    box.select();
    try {
      await navigator.clipboard.writeText(key);
      toast({ text: t("keys.copied"), tone: "good" });
    } catch {
      // The browser does not allow it: the text is selected.
    }
  };
  const example = [
    `curl ${location.origin}/v1/chat/completions \\`,
    `  -H "authorization: Bearer ${key.slice(0, 7)}…" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '{"model": "running-coach", "messages": [{"role": "user", "content": "${t("keys.question")}"}]}'`,
  ];
  return [
    h("h2", { id: "fresh-key", text: t("keys.fresh", { name }) }),
    h("p", { text: t("keys.once") }),
    h(
      "div",
      { class: "field" },
      h("label", { for: "new-key", text: t("keys.key") }),
      h(
        "div",
        { class: "with-button" },
        box,
        h("button", { type: "button", class: "button", text: t("keys.copy"), on: { click: copy } }),
      ),
    ),
    h("pre", { class: "example", tabindex: "0", "aria-label": t("keys.example"), text: example.join("\n") }),
  ];
}

function rows({ items }, renew) {
  if (items.length === 0) return empty(t("keys.none"));
  return h("ul", { class: "rows" }, ...items.map((key) => row(key, renew)));
}

function row({ id, name, ends_with, created_at }, renew) {
  const remove = async () => {
    const sure = await confirmed({
      title: t("keys.removeTitle", { name }),
      text: t("keys.removeText"),
      confirm: t("keys.remove"),
      danger: true,
    });
    if (!sure) return;
    try {
      await api("DELETE", `/api-keys/${id}`);
      toast({ text: t("keys.removed", { name }) });
      renew();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  return h(
    "li",
    { class: "key-row" },
    h("span", null, h("strong", { text: name }), h("span", { class: "hint figures", text: ` mdk-…${ends_with}` })),
    h("time", { class: "hint", datetime: created_at, text: when(created_at) }),
    h("button", {
      type: "button",
      class: "button small quiet",
      text: t("keys.remove"),
      "aria-label": `${t("keys.remove")}: ${name}`,
      on: { click: remove },
    }),
  );
}
