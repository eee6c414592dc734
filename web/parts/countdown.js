// <count-down>: what is left of a lot by the server's clock. At zero it says "confirming", until the server has told.

import { clock, parts } from "../core/clock.js";
import { setText } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { remaining } from "../core/lot.js";

const all = new Set();
let timer = null;

function tick() {
  for (const one of all) one.draw();
  timer = all.size ? setTimeout(tick, 200) : null;
}

const two = (number) => String(number).padStart(2, "0");

/** The digits of a span; far away in words. */
export function spanText(ms) {
  const { days, hours, minutes, seconds } = parts(ms);
  if (days > 0) return t("time.days", { days, hours });
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds)}`;
  return `${two(minutes)}:${two(seconds)}`;
}

class CountDown extends HTMLElement {
  #lot = null;

  /** The lot whose clock this is. */
  set lot(lot) {
    this.#lot = lot;
    this.draw();
  }

  connectedCallback() {
    // A text that changes each second must not be read out each second.
    this.setAttribute("role", "timer");
    this.setAttribute("aria-live", "off");
    all.add(this);
    timer ??= setTimeout(tick, 0);
  }

  disconnectedCallback() {
    all.delete(this);
  }

  draw() {
    if (!this.#lot) return;
    const { form, ms } = remaining(this.#lot, clock.now());
    this.dataset.form = form;
    this.classList.toggle("soon", form === "ends" && ms !== null && ms < 60_000);
    setText(this, wording(form, ms, this.#lot));
  }
}

function wording(form, ms, lot) {
  if (form === "over") return t(`state.${lot.state}`);
  if (form === "confirming") return lot.state === "scheduled" ? t("time.opening") : t("time.confirming");
  if (form === "paused") return ms === null ? t("state.paused") : t("time.paused", { left: spanText(ms) });
  if (ms === null) return form === "starts" ? t("time.startsByClerk") : t("time.openEnd");
  return form === "starts" ? t("time.startsIn", { left: spanText(ms) }) : spanText(ms);
}

customElements.define("count-down", CountDown);

/** @returns {HTMLElement} */
export function countdown(lot) {
  const element = document.createElement("count-down");
  element.lot = lot;
  return element;
}
