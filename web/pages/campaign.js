// One campaign, live: for its owner and for admins.

import { api } from "../core/api.js";
import { actionsOf, apply, needsView, takesUploads } from "../core/campaign.js";
import { h, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { onListChange } from "../core/lists.js";
import { watchChannel } from "../core/live.js";
import { holds } from "../core/session.js";
import { Store } from "../core/store.js";
import { campaignActions } from "../parts/campaign-actions.js";
import { campaignLive } from "../parts/campaign-live.js";
import { campaignResults } from "../parts/campaign-results.js";
import { campaignRules } from "../parts/campaign-rules.js";
import { campaignWorkers } from "../parts/campaign-workers.js";
import { fill } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { notFound } from "./not-found.js";
import { signInFirst } from "./sign-in-first.js";

const REFRESH_EVERY = 5000;
const TABS = ["results", "workers", "rules"];

export function campaignPage({ params, signal, title }) {
  const gate = signInFirst();
  if (gate) return gate;
  const id = Number(params.id);
  if (!Number.isSafeInteger(id)) return notFound({ title });
  title(t("campaign.number", { id }));
  const place = h("div", { class: "wide campaign" });
  fill(
    place,
    () => api("GET", `/campaigns/${id}`, { signal }),
    (view) => {
      title(view.name);
      return draw(new Store(view), signal);
    },
    signal,
  );
  return place;
}

function draw(campaign, signal) {
  const { id } = campaign.value;
  const chip = h("span", { class: "chip", role: "status" });
  const reason = h("p", { class: "campaign-reason", hidden: true });
  const acts = h("div", { class: "form-actions" });
  const upload = h("a", { class: "button", href: `/campaigns/${id}/upload` }, icon("upload"), t("campaign.upload"));
  const review = h("a", { class: "button", href: `/campaigns/${id}/review` }, icon("eye"), t("campaign.review"));
  const told = new EventTarget();
  const panels = tabs(campaign, told, signal);
  let before = null;
  campaign.watch((view) => {
    chip.className = `chip campaign-${view.state}`;
    if (chip.textContent !== t(`campaign.state.${view.state}`)) chip.textContent = t(`campaign.state.${view.state}`);
    show(reason, Boolean(view.reason));
    reason.textContent = view.reason ? t("campaign.reason", { reason: view.reason }) : "";
    show(upload, takesUploads(view.state));
    show(review, (view.progress?.review ?? 0) > 0);
    if (view.state === before) return;
    before = view.state;
    acts.replaceChildren(
      ...campaignActions(view, actionsOf(view.state, { admin: holds("admin") }), () => renew(campaign, signal)),
    );
  }, signal);
  follow(campaign, told, signal);
  return [
    h(
      "header",
      { class: "campaign-head" },
      h(
        "div",
        null,
        h("p", { class: "eyebrow" }, t("campaign.number", { id }), " ", chip),
        h("h1", { text: campaign.value.name }),
        campaign.value.description && h("p", { class: "lead", text: campaign.value.description }),
        reason,
      ),
      h("div", { class: "form-actions" }, upload, review, acts),
    ),
    campaignLive(campaign, signal),
    panels,
  ];
}

async function renew(campaign, signal) {
  try {
    const view = await api("GET", `/campaigns/${campaign.value.id}`, { signal });
    if (!signal.aborted) campaign.set(view);
  } catch {
    // The channel goes on telling.
  }
}

/** The channel tells what was settled; the rest is asked for now and then. */
function follow(campaign, told, signal) {
  const ask = () => renew(campaign, signal);
  watchChannel(
    `campaign:${campaign.value.id}`,
    {
      subscribed: (view, { lost }) => {
        if (view?.progress) campaign.set({ ...campaign.value, ...view });
        else if (lost) ask();
      },
      publication: (event) => {
        campaign.set(apply(campaign.value, event));
        if (event.type === "tasks_added") told.dispatchEvent(new Event("added"));
        if (event.type === "task_settled") told.dispatchEvent(new CustomEvent("settled", { detail: event }));
        if (needsView(event)) ask();
      },
      error: ask,
    },
    signal,
  );
  onListChange(ask, REFRESH_EVERY, signal);
}

function tabs(campaign, told, signal) {
  const { id } = campaign.value;
  const makers = {
    results: () => {
      const results = campaignResults(id, signal);
      told.addEventListener("settled", ({ detail }) => results.element.isConnected && results.settled(detail), { signal });
      told.addEventListener("added", () => results.element.isConnected && results.grow(), { signal });
      return results.element;
    },
    workers: () => campaignWorkers(id, signal).element,
    rules: () => campaignRules(campaign.value),
  };
  const panel = h("div", { class: "tab-panel", role: "tabpanel", id: "campaign-panel", tabindex: "-1" });
  const buttons = TABS.map((name) =>
    h("button", {
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      value: name,
      "aria-controls": "campaign-panel",
      text: t(`campaign.tab.${name}`),
    }),
  );
  const choose = (name) => {
    for (const button of buttons) {
      button.setAttribute("aria-selected", String(button.value === name));
      button.tabIndex = button.value === name ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    panel.replaceChildren(makers[name]());
  };
  const bar = h("div", { class: "tab-bar", role: "tablist", "aria-label": t("campaign.parts") }, ...buttons);
  for (const button of buttons) button.addEventListener("click", () => choose(button.value));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next.focus();
    choose(next.value);
  });
  choose(TABS[0]);
  return h("section", { class: "campaign-parts" }, bar, panel);
}
