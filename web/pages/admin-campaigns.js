// For admins: campaigns that wait to be approved, and all the others.

import { api, query } from "../core/api.js";
import { actionsOf, progressOf } from "../core/campaign.js";
import { h } from "../core/dom.js";
import { t, when } from "../core/i18n.js";
import { onListChange } from "../core/lists.js";
import { holds } from "../core/session.js";
import { campaignActions } from "../parts/campaign-actions.js";
import { campaignRules } from "../parts/campaign-rules.js";
import { empty } from "../parts/controls.js";
import { pager } from "../parts/pager.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const STATES = ["requested", "in_progress", "approved", "paused", "completed", "rejected"];
const REFRESH_EVERY = 10_000;

export function adminCampaigns({ search, signal, title }) {
  title(t("nav.approvals"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  let state = STATES.includes(search.get("state")) ? search.get("state") : "requested";
  const list = pager({
    list: h("ul", { class: "campaign-list" }),
    fetch: (cursor) => api("GET", `/campaigns${query({ state, cursor, limit: 20 })}`, { signal }),
    row: (campaign) => request(campaign, () => list.renew()),
    none: () => empty(t(`approvals.none.${state === "requested" ? "requested" : "other"}`), null),
    signal,
  });
  const tabs = h(
    "div",
    { class: "segments", role: "group", "aria-label": t("filter.state") },
    ...STATES.map((name) =>
      h("button", {
        type: "button",
        value: name,
        "aria-pressed": String(name === state),
        text: t(`campaign.state.${name}`),
        on: {
          click: () => {
            state = name;
            for (const button of tabs.children) button.setAttribute("aria-pressed", String(button.value === state));
            list.renew();
          },
        },
      }),
    ),
  );
  onListChange(() => list.element.contains(document.activeElement) || list.renew(), REFRESH_EVERY, signal);
  return h("section", { class: "medium" }, h("h1", { text: t("nav.approvals") }), tabs, list.element);
}

function request(campaign, changed) {
  const more = h("div", { class: "approval-more" });
  // A list tells little of each; who approves should see all of it.
  api("GET", `/campaigns/${campaign.id}`).then(
    (view) => more.replaceChildren(...all(view)),
    () => {},
  );
  return h(
    "li",
    { class: "card approval", data: { campaign: campaign.id } },
    h(
      "div",
      { class: "approval-head" },
      h("span", { class: `chip campaign-${campaign.state}`, text: t(`campaign.state.${campaign.state}`) }),
      h("h2", null, h("a", { href: `/campaigns/${campaign.id}`, text: campaign.name })),
      h("p", {
        class: "hint",
        text: t("approvals.asked", {
          at: when(campaign.requested_at),
          owner: campaign.owner,
          tasks: progressOf(campaign).tasks,
        }),
      }),
    ),
    more,
    h("div", { class: "form-actions" }, ...campaignActions(campaign, actionsOf(campaign.state, { admin: true }), changed)),
  );
}

function all(view) {
  return [
    view.description && h("p", { text: view.description }),
    view.reason && h("p", { class: "campaign-reason", text: t("campaign.reason", { reason: view.reason }) }),
    h("details", { class: "rules" }, h("summary", { text: t("campaign.tab.rules") }), campaignRules(view)),
  ].filter(Boolean);
}
