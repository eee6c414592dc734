// <image-viewer>: a picture with boxes on it, moved by finger, mouse, wheel and keyboard.

import { h, s } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { focus, pan, pinch, whole, zoomAt } from "../core/view-box.js";
import { icon } from "./icons.js";

const STEP = 60;
const ZOOM = 1.4;

class ImageViewer extends HTMLElement {
  #place = null;
  #fingers = new Map();
  #stage = null;
  #overlay = null;
  #resized = null;
  #touched = false;

  /**
   * `region`: the box to look at; `boxes`: others, each with a `tone` and, where it is to be chosen, an `id`.
   * @type {{src: string, width: number, height: number, region?: any, boxes?: Array<any>, alt: string, shade?: boolean}}
   */
  picture = null;
  /** Told the id of a box that was pressed. @type {((id: any) => void) | null} */
  onchoose = null;

  connectedCallback() {
    this.#build();
    this.#resized = new ResizeObserver(() => this.#fit());
    this.#resized.observe(this);
  }

  disconnectedCallback() {
    this.#resized?.disconnect();
  }

  #build() {
    const { src, width, height, alt } = this.picture;
    const image = h("img", { src, alt: "", draggable: "false", decoding: "async" });
    image.addEventListener("load", () => this.classList.add("loaded"));
    image.addEventListener("error", () => this.classList.add("broken"));
    this.#overlay = s("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    this.#stage = h("div", { class: "viewer-stage" }, image, this.#overlay);
    this.#stage.style.width = `${width}px`;
    this.#stage.style.height = `${height}px`;
    const window = h(
      "div",
      { class: "viewer-window", role: "img", tabindex: "0", "aria-label": alt, "aria-description": t("viewer.keys") },
      this.#stage,
      h("p", { class: "viewer-broken", text: t("viewer.broken") }),
    );
    this.replaceChildren(window, this.#buttons());
    this.#listen(window);
    this.draw();
  }

  #buttons() {
    const button = (name, sign, act) =>
      h("button", {
        type: "button",
        class: "icon-button",
        "aria-label": t(`viewer.${name}`),
        title: t(`viewer.${name}`),
        on: { click: act },
      });
    const made = [
      ["zoomOut", "zoomOut", () => this.zoom(1 / ZOOM)],
      ["zoomIn", "zoomIn", () => this.zoom(ZOOM)],
      ["whole", "frame", () => this.#move(whole(this.#view(), this.picture))],
    ].map(([name, sign, act]) => {
      const one = button(name, sign, act);
      one.append(icon(sign));
      return one;
    });
    return h("div", { class: "viewer-buttons" }, ...made);
  }

  /** Draws the boxes anew, after `picture` changed but for its image. */
  draw() {
    const { width, height, region, boxes = [], shade = true } = this.picture;
    const rect = ({ left, top, right, bottom }, attributes) =>
      s("rect", { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top), ...attributes });
    const marks = boxes.map((box) => {
      const mark = rect(box, { class: `viewer-box ${box.tone ?? ""}` });
      if (box.id !== undefined) mark.addEventListener("click", () => this.onchoose?.(box.id));
      return mark;
    });
    if (region) {
      const { left, top, right, bottom } = region;
      const around = `M0 0H${width}V${height}H0Z M${left} ${top}V${bottom}H${right}V${top}Z`;
      if (shade) marks.unshift(s("path", { d: around, class: "viewer-shade" }));
      marks.push(rect(region, { class: "viewer-region" }));
    }
    this.#overlay.replaceChildren(...marks);
  }

  /** Brings another box into view. */
  look(region) {
    this.picture.region = region;
    this.draw();
    this.home();
  }

  /** Back to what is to be looked at. */
  home() {
    const { region } = this.picture;
    const view = this.#view();
    if (view.width > 0) this.#move(region ? focus(view, this.picture, region) : whole(view, this.picture));
    this.#touched = false;
  }

  zoom(factor) {
    const view = this.#view();
    this.#move(zoomAt(this.#place, factor, view.width / 2, view.height / 2, view, this.picture));
  }

  #view() {
    return { width: this.clientWidth, height: this.clientHeight };
  }

  #fit() {
    if (!this.#place || !this.#touched) return this.home();
    this.#move(pan(this.#place, 0, 0, this.#view(), this.picture));
  }

  #move(place) {
    this.#place = place;
    this.#touched = true;
    this.#stage.style.transform = `translate(${place.x}px, ${place.y}px) scale(${place.scale})`;
    // Lines keep their width whatever the scale.
    this.#overlay.style.setProperty("--line-width", String(2.5 / place.scale));
  }

  #listen(window) {
    const at = (event) => {
      const frame = this.getBoundingClientRect();
      return { x: event.clientX - frame.left, y: event.clientY - frame.top };
    };
    window.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const { x, y } = at(event);
        this.#move(zoomAt(this.#place, Math.exp(-event.deltaY / 400), x, y, this.#view(), this.picture));
      },
      { passive: false },
    );
    window.addEventListener("pointerdown", (event) => {
      this.#fingers.set(event.pointerId, at(event));
      if (!event.target.classList.contains("viewer-box")) window.setPointerCapture(event.pointerId);
    });
    window.addEventListener("pointermove", (event) => {
      const before = this.#fingers.get(event.pointerId);
      if (!before) return;
      const pair = [...this.#fingers.values()];
      const here = at(event);
      this.#fingers.set(event.pointerId, here);
      const view = this.#view();
      if (pair.length === 1) return this.#move(pan(this.#place, here.x - before.x, here.y - before.y, view, this.picture));
      if (pair.length > 2) return;
      const { factor, x, y, dx, dy } = pinch(pair, [...this.#fingers.values()]);
      this.#move(zoomAt(pan(this.#place, dx, dy, view, this.picture), factor, x, y, view, this.picture));
    });
    for (const name of ["pointerup", "pointercancel"])
      window.addEventListener(name, (event) => this.#fingers.delete(event.pointerId));
    window.addEventListener("dblclick", (event) => {
      const { x, y } = at(event);
      this.#move(zoomAt(this.#place, ZOOM * ZOOM, x, y, this.#view(), this.picture));
    });
    window.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const view = this.#view();
    const by = (dx, dy) => this.#move(pan(this.#place, dx, dy, view, this.picture));
    const keys = {
      ArrowLeft: () => by(STEP, 0),
      ArrowRight: () => by(-STEP, 0),
      ArrowUp: () => by(0, STEP),
      ArrowDown: () => by(0, -STEP),
      "+": () => this.zoom(ZOOM),
      "=": () => this.zoom(ZOOM),
      "-": () => this.zoom(1 / ZOOM),
      0: () => this.home(),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

customElements.define("image-viewer", ImageViewer);

/**
 * @param {ImageViewer["picture"]} picture
 * @param {{onchoose?: (id: any) => void}} [more]
 * @returns {ImageViewer}
 */
export function imageViewer(picture, more = {}) {
  return Object.assign(document.createElement("image-viewer"), { picture: { ...picture }, ...more });
}
