// For admins: who may do what, and how the house is.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { holds, session } from "../core/session.js";
import { busy, empty, toast, toastProblem } from "../parts/controls.js";
import { pager } from "../parts/pager.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const ROLES = ["seller", "clerk", "admin"];
const TYPING_PAUSE = 250;
const LOOK_EVERY = 10_000;

export function operators({ signal, title }) {
  title(t("nav.operators"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  const box = h("input", {
    type: "search",
    placeholder: t("operators.search"),
    "aria-label": t("operators.search"),
    maxlength: 80,
  });
  const head = [t("operators.person"), ...ROLES.map((role) => t(`role.${role}`))].map((text) =>
    h("th", { scope: "col", text }),
  );
  const { element, renew } = pager({
    list: h(
      "table",
      { class: "table people" },
      h("caption", { class: "unseen", text: t("operators.people") }),
      h("thead", null, h("tr", null, ...head)),
      h("tbody"),
    ),
    fetch: (after) => api("GET", `/users${query({ search: box.value.trim(), after, limit: 50 })}`, { signal }),
    row: person,
    none: () => empty(t("operators.none")),
    signal,
  });
  let typing = null;
  box.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(renew, TYPING_PAUSE);
  });
  return h(
    "section",
    { class: "medium" },
    h("h1", { text: t("nav.operators") }),
    health(signal),
    h(
      "section",
      null,
      h("div", { class: "page-head" }, h("h2", { text: t("operators.people") }), h("div", { class: "search" }, box)),
      element,
    ),
  );
}

function person(user) {
  const boxes = ROLES.map((role) => {
    const box = h("input", {
      type: "checkbox",
      "aria-label": `${user.name}: ${t(`role.${role}`)}`,
      props: { checked: user.roles.includes(role) },
    });
    // Nobody takes the last key from themselves by a slip.
    box.disabled = role === "admin" && user.id === session.value.user.id;
    box.addEventListener("change", () =>
      busy(box, async () => {
        const roles = new Set(user.roles);
        if (box.checked) roles.add(role);
        else roles.delete(role);
        try {
          await api("PUT", `/users/${user.id}/roles`, { body: { roles: [...roles] } });
          user.roles = [...roles];
          toast({ text: t("operators.saved", { name: user.name }), tone: "good" });
        } catch (problem) {
          box.checked = !box.checked;
          toastProblem(problem);
        }
      }),
    );
    return h("td", { data: { label: t(`role.${role}`) } }, box);
  });
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, h("strong", { text: user.name }), h("span", { class: "hint", text: user.email })),
    ...boxes,
  );
}

/** What an operator looks at first, looked at again every few seconds. */
function health(signal) {
  const list = h("dl", { class: "facts card" });
  const probe = (path) =>
    fetch(path, { signal }).then(
      (response) => response.ok,
      () => false,
    );
  const books = () =>
    api("GET", "/ledger/check", { signal }).then(
      ({ sound }) => sound,
      () => false,
    );
  const look = async () => {
    const [alive, ready, sound] = await Promise.all([probe("/health"), probe("/ready"), books()]);
    if (signal.aborted) return;
    const more = h("dd", null, h("a", { href: "/metrics", text: "/metrics" }));
    list.replaceChildren(
      verdict("health", alive),
      verdict("ready", ready),
      verdict("ledger", sound),
      h("div", null, h("dt", { text: t("operators.more") }), more),
    );
  };
  const timer = setInterval(look, LOOK_EVERY);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  look();
  return list;
}

function verdict(name, good) {
  const text = t(good ? "operators.good" : "operators.bad");
  return h("div", null, h("dt", { text: t(`operators.${name}`) }), h("dd", { class: good ? "plus" : "minus", text }));
}
