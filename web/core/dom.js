// Building and patching the page: small functions over the DOM, no framework.

/**
 * Makes an element. `props`: `class`, `text`, `on: {event: handler}`, `data: {name: value}`; anything else is an attribute,
 * where `true` sets it bare and `false`, `null` or `undefined` leaves it out.
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...(Node | string | number | null | undefined | false | any[])} children
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(element, name, value);
  element.append(...flatten(children));
  return element;
}

function setProp(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name === "class") element.className = value;
  else if (name === "text") element.textContent = value;
  else if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "props") Object.assign(element, value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

function flatten(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

const SVG = "http://www.w3.org/2000/svg";

/** Makes an SVG element. Presentation attributes only: the content policy forbids style attributes. */
export function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, String(value));
  element.append(...flatten(children));
  return element;
}

/** Sets text only where it differs, so that nothing is announced or repainted for no reason. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides. */
export function show(element, visible) {
  element.hidden = !visible;
}

/**
 * Brings a container's children in line with `items`, keeping the elements (and their focus) of those that stay.
 * @template T
 * @param {HTMLElement} container
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} create
 * @param {(element: HTMLElement, item: T) => void} [update]
 */
export function keyed(container, items, key, create, update = () => {}) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let place = container.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let element = known.get(name);
    if (element) {
      known.delete(name);
      update(element, item);
    } else {
      element = create(item);
      element.dataset.key = name;
    }
    if (element === place) place = place.nextElementSibling;
    else container.insertBefore(element, place);
  }
  for (const gone of known.values()) gone.remove();
}

/** Plays the short "this just changed" animation of a class. */
export function flash(element, name = "flash") {
  element.classList.remove(name);
  void element.offsetWidth;
  element.classList.add(name);
}

let regions;

/**
 * Says something to screen readers. Assertive interrupts: for what decides about the listener's own money.
 * @param {string} text
 * @param {"polite" | "assertive"} [manner]
 */
export function announce(text, manner = "polite") {
  if (!regions) {
    regions = {
      polite: h("div", { class: "unseen", "aria-live": "polite", role: "status" }),
      assertive: h("div", { class: "unseen", "aria-live": "assertive", role: "alert" }),
    };
    document.body.append(regions.polite, regions.assertive);
  }
  const region = regions[manner];
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 40);
}
