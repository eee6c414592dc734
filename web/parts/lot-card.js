// <lot-card>: one lot in a list. Its price moves by itself while the card can be seen.

import { session } from "../core/session.js";
import { announce, flash, h, setText } from "../core/dom.js";
import { favourites, toggleFavourite } from "../core/favourites.js";
import { money, t } from "../core/i18n.js";
import { watchChannel } from "../core/live.js";
import { apply, isOver, renewed } from "../core/lot.js";
import { navigate } from "../core/router.js";
import { art } from "./art.js";
import { toastProblem } from "./controls.js";
import { countdown } from "./countdown.js";
import { icon } from "./icons.js";

const visible = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) target.watch(isIntersecting);
  },
  { rootMargin: "200px" },
);

class LotCard extends HTMLElement {
  #lot = null;
  #parts = null;
  #watching = null;
  #life = null;

  set lot(card) {
    this.#lot = this.#lot ? renewed(this.#lot, card) : card;
    if (this.#parts) this.#draw();
  }

  connectedCallback() {
    if (!this.#parts) this.#build();
    this.#life = new AbortController();
    favourites.watch(() => this.#drawHeart(), this.#life.signal);
    visible.observe(this);
  }

  disconnectedCallback() {
    visible.unobserve(this);
    this.watch(false);
    this.#life.abort();
  }

  /** Follows the lot's channel only while it is seen: a long list costs no more than a screen of it. */
  watch(seen) {
    if (!seen || isOver(this.#lot)) {
      this.#watching?.abort();
      this.#watching = null;
      return;
    }
    if (this.#watching) return;
    this.#watching = new AbortController();
    const take = (lot, moved) => {
      const before = this.#lot.price;
      this.#lot = lot;
      this.#draw();
      if (moved && lot.price !== before) this.#moved();
    };
    watchChannel(
      `auction:${this.#lot.id}`,
      {
        subscribed: (view) => view && take(renewed(this.#lot, cardOf(view)), false),
        publication: (event, offset) => take(apply(this.#lot, event, offset), true),
      },
      this.#watching.signal,
    );
  }

  #build() {
    const { id, title, artist, image } = this.#lot;
    const link = h("a", { class: "lot-link", href: `/auctions/${id}` }, h("span", { class: "lot-title", text: title }));
    this.#parts = {
      state: h("span", { class: "chip" }),
      price: h("span", { class: "lot-price figures" }),
      label: h("span", { class: "lot-label" }),
      bids: h("span", { class: "lot-bids figures" }),
      clock: countdown(this.#lot),
      heart: h("button", { class: "heart icon-button", type: "button", on: { click: () => this.#heart() } }, icon("heart")),
    };
    const { state, price, label, bids, clock, heart } = this.#parts;
    this.append(
      h(
        "article",
        { class: "lot" },
        h("div", { class: "lot-picture" }, art({ src: image, title, artist }), state, heart),
        h(
          "div",
          { class: "lot-text" },
          h("p", { class: "lot-artist", text: artist }),
          h("h3", null, link),
          h("div", { class: "lot-figures" }, h("div", null, label, price), h("div", { class: "lot-right" }, bids, clock)),
        ),
      ),
    );
    this.#draw();
  }

  #draw() {
    const lot = this.#lot;
    const { state, price, label, bids, clock } = this.#parts;
    clock.lot = lot;
    state.className = `chip state-${lot.state}`;
    setText(state, t(`state.${lot.state}`));
    const sold = lot.state === "sold" || lot.state === "settled";
    setText(label, t(sold ? "lot.hammer" : lot.price === null || lot.bids === 0 ? "lot.opening" : "lot.current"));
    setText(price, money(lot.price ?? lot.opening_bid ?? lot.next_bid ?? 0, lot.currency));
    setText(bids, t("lot.bids", { bids: lot.bids ?? 0 }));
  }

  #moved() {
    flash(this.#parts.price);
    // Only who is reading this very card wants to hear it.
    if (this.contains(document.activeElement))
      announce(t("lot.announce", { title: this.#lot.title, price: this.#parts.price.textContent }));
  }

  #drawHeart() {
    const kept = favourites.value.has(this.#lot.id);
    const { heart } = this.#parts;
    heart.setAttribute("aria-pressed", String(kept));
    heart.setAttribute("aria-label", t("favourite.toggle", { title: this.#lot.title }));
  }

  #heart() {
    if (!session.value.user) return navigate(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
    toggleFavourite(this.#lot.id).catch(toastProblem);
  }
}

customElements.define("lot-card", LotCard);

/** The fields of a view that a card shows; the picture and the names it has already. */
function cardOf({ state, price, bids, next_bid, opening_bid, starts_at, ends_at, offset, paused_remaining_ms }) {
  return { state, price, bids, next_bid, opening_bid, starts_at, ends_at, offset, paused_remaining_ms };
}

/** @returns {HTMLElement} */
export function lotCard(lot) {
  const element = document.createElement("lot-card");
  element.lot = lot;
  return element;
}
