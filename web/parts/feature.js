// The lot at the top of the first page: the one that ends next.

import { flash, h, setText } from "../core/dom.js";
import { money, t } from "../core/i18n.js";
import { watchChannel } from "../core/live.js";
import { apply, renewed } from "../core/lot.js";
import { art } from "./art.js";
import { countdown } from "./countdown.js";
import { icon } from "./icons.js";

class FeaturedLot extends HTMLElement {
  #leave = null;

  connectedCallback() {
    this.#leave = new AbortController();
    const { id, title, artist, image } = this.lot;
    const price = h("span", { class: "feature-price figures" });
    const clock = countdown(this.lot);
    const bids = h("span", { class: "figures" });
    const label = h("dt");
    const draw = () => {
      clock.lot = this.lot;
      setText(price, money(this.lot.price ?? this.lot.opening_bid ?? this.lot.next_bid ?? 0, this.lot.currency));
      setText(label, t(this.lot.bids > 0 ? "lot.current" : "lot.opening"));
      setText(bids, t("lot.bids", { bids: this.lot.bids ?? 0 }));
    };
    draw();
    this.replaceChildren(
      h(
        "article",
        { class: "feature" },
        h(
          "a",
          { class: "feature-picture", href: `/auctions/${id}`, tabindex: "-1", "aria-hidden": "true" },
          art({ src: image, title, artist, eager: true }),
        ),
        h(
          "div",
          { class: "feature-text" },
          h("p", { class: "eyebrow", text: t("feature.eyebrow") }),
          h("h2", null, h("a", { href: `/auctions/${id}`, text: title })),
          h("p", { class: "feature-artist", text: artist }),
          h(
            "dl",
            { class: "feature-figures" },
            h("div", null, label, h("dd", null, price, bids)),
            h("div", null, h("dt", { text: t("lot.left") }), h("dd", { class: "feature-clock" }, clock)),
          ),
          h("a", { class: "button primary", href: `/auctions/${id}` }, t("feature.enter"), icon("arrow")),
        ),
      ),
    );
    watchChannel(
      `auction:${id}`,
      {
        subscribed: (view) => {
          if (!view) return;
          const { title: _title, artist: _artist, image: _image, artwork: _artwork, ...rest } = view;
          this.lot = renewed(this.lot, rest);
          draw();
        },
        publication: (event, offset) => {
          const before = this.lot.price;
          this.lot = apply(this.lot, event, offset);
          draw();
          if (this.lot.price !== before) flash(price);
        },
      },
      this.#leave.signal,
    );
  }

  disconnectedCallback() {
    this.#leave.abort();
  }
}

customElements.define("featured-lot", FeaturedLot);

/** @returns {HTMLElement} */
export function feature(lot) {
  return Object.assign(document.createElement("featured-lot"), { lot });
}
