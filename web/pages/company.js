// A company's campaigns; for everybody else, what campaigns are.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { onListChange } from "../core/lists.js";
import { holds, session } from "../core/session.js";
import { campaignCard } from "../parts/campaign-card.js";
import { empty } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { pager } from "../parts/pager.js";

const REFRESH_EVERY = 15_000;

export function company({ signal, title }) {
  title(t("nav.campaigns"));
  if (!holds("company")) return intro();
  const list = pager({
    list: h("ul", { class: "campaign-list" }),
    fetch: (cursor) =>
      api("GET", `/campaigns${query({ mine: holds("admin") ? true : undefined, cursor, limit: 20 })}`, { signal }),
    row: (campaign) => h("li", null, campaignCard(campaign)),
    none: () =>
      empty(
        t("company.none"),
        t("company.noneHint"),
        h("a", { class: "button primary", href: "/company/new", text: t("company.new") }),
      ),
    signal,
  });
  onListChange(() => list.element.contains(document.activeElement) || list.renew(), REFRESH_EVERY, signal);
  return h(
    "section",
    { class: "wide" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { text: t("nav.campaigns") }),
      h("a", { class: "button primary", href: "/company/new" }, icon("plus"), t("company.new")),
    ),
    list.element,
  );
}

function intro() {
  const next = encodeURIComponent("/company");
  const steps = ["upload", "answers", "export"].map((step) =>
    h(
      "li",
      { class: "card" },
      h("h2", { text: t(`home.company.${step}`) }),
      h("p", { class: "lead", text: t(`home.company.${step}.text`) }),
    ),
  );
  return h(
    "section",
    { class: "medium intro" },
    h("p", { class: "eyebrow", text: t("world.companies") }),
    h("h1", { text: t("home.company.title") }),
    h("p", { class: "lead", text: t("company.lead") }),
    session.value.user
      ? h("p", { class: "aside", text: t("company.askAdmin") })
      : h(
          "div",
          { class: "form-actions" },
          h("a", { class: "button primary", href: `/sign-in?next=${next}` }, t("signIn"), icon("arrow")),
          h("a", { class: "button quiet", href: `/sign-up?next=${next}`, text: t("signUp") }),
        ),
    h("ol", { class: "three" }, ...steps),
  );
}
