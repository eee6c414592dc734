// <campaign-card>: one campaign in a list. Its numbers move by themselves.

import { apply, fraction, progressOf } from "../core/campaign.js";
import { h, setText } from "../core/dom.js";
import { count, t, when } from "../core/i18n.js";
import { watchChannel } from "../core/live.js";
import { ring } from "./chart.js";

class CampaignCard extends HTMLElement {
  #leave = null;
  campaign = null;

  connectedCallback() {
    this.#leave = new AbortController();
    const { id, name } = this.campaign;
    const chart = ring(t("campaign.progress"));
    const state = h("span", { class: "chip" });
    const figures = h("p", { class: "hint figures" });
    const reason = h("p", { class: "campaign-reason", hidden: true });
    const draw = () => {
      const now = this.campaign;
      const progress = progressOf(now);
      state.className = `chip campaign-${now.state}`;
      setText(state, t(`campaign.state.${now.state}`));
      chart.draw(ringOf(now));
      setText(
        figures,
        t("campaign.cardFigures", {
          tasks: count(progress.tasks),
          answers: count(progress.answers),
          at: when(now.requested_at),
        }),
      );
      reason.hidden = !now.reason;
      setText(reason, now.reason ? t("campaign.reason", { reason: now.reason }) : "");
    };
    draw();
    this.replaceChildren(
      h(
        "article",
        { class: "card campaign-card" },
        chart.element,
        h(
          "div",
          { class: "campaign-text" },
          state,
          h("h2", null, h("a", { href: `/campaigns/${id}`, class: "lot-link", text: name })),
          figures,
          reason,
        ),
      ),
    );
    watchChannel(
      `campaign:${id}`,
      {
        subscribed: (view) => {
          if (view?.progress) this.campaign = { ...this.campaign, ...view };
          draw();
        },
        publication: (told) => {
          this.campaign = apply(this.campaign, told);
          draw();
        },
      },
      this.#leave.signal,
    );
  }

  disconnectedCallback() {
    this.#leave.abort();
  }
}

customElements.define("campaign-card", CampaignCard);

export function campaignCard(campaign) {
  return Object.assign(document.createElement("campaign-card"), { campaign });
}

/** What the ring of a campaign shows. */
export function ringOf(view) {
  const { done, review, open } = progressOf(view);
  return { done, review, open, text: percent(fraction(view)), under: t("campaign.done") };
}

/** A share as people read it: never 100 % before the end, never 0 % after the beginning. */
export function percent(share) {
  if (share > 0 && share < 0.01) return "<1%";
  if (share > 0.99 && share < 1) return ">99%";
  return `${Math.round(share * 100)}%`;
}
