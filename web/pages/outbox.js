// The local mail page of a server without SMTP: what it would have sent.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { t, when } from "../core/i18n.js";
import { empty, fill } from "../parts/controls.js";

export function outbox({ search, signal, title }) {
  title(t("outbox.title"));
  const place = h("div");
  const ask = () => api("GET", `/dev/outbox${query({ to: search.get("to") })}`, { signal });
  fill(place, ask, draw, signal);
  const again = h("button", {
    class: "button quiet",
    type: "button",
    text: t("action.refresh"),
    on: { click: () => fill(place, ask, draw, signal) },
  });
  return h(
    "section",
    { class: "medium" },
    h("div", { class: "page-head" }, h("h1", { text: t("outbox.title") }), again),
    h("p", { class: "lead", text: t("outbox.lead") }),
    place,
  );
}

function draw({ items }) {
  if (items.length === 0) return empty(t("outbox.empty"));
  return h(
    "ul",
    { class: "mails" },
    ...items.map(({ at, to, subject, text }) =>
      h(
        "li",
        { class: "mail card", data: { to } },
        h("div", { class: "mail-head" }, h("strong", { text: subject }), h("time", { datetime: at, text: when(at, "second") })),
        h("p", { class: "mail-to", text: to }),
        h("pre", { text }),
      ),
    ),
  );
}
