// Fields, buttons, dialogs and toasts: the small things that every page is made of.

import { announce, h, setText } from "../core/dom.js";
import { problemText, t } from "../core/i18n.js";
import { icon } from "./icons.js";

let last = 0;

/**
 * A labelled field. The control is `field.control`; `field.fail(text)` shows what is wrong with it.
 * @param {string} label
 * @param {Record<string, any>} attributes of the control; `type: "textarea"` or `options: [[value, text], ...]` choose its kind
 * @param {{hint?: string, suffix?: string}} [more]
 */
export function field(label, attributes, { hint, suffix } = {}) {
  const id = `field-${(last += 1)}`;
  const { options, type, ...rest } = attributes;
  const tag = options ? "select" : type === "textarea" ? "textarea" : "input";
  const described = hint ? `${id}-hint ${id}-error` : `${id}-error`;
  const control = h(tag, { id, "aria-describedby": described, ...(tag === "input" ? { type: type ?? "text" } : {}), ...rest });
  if (options) control.append(...options.map(([value, text]) => h("option", { value, text })));
  if (options && rest.value !== undefined) control.value = rest.value;
  if (tag === "textarea" && rest.value) control.value = rest.value;
  const error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id, text: label }),
    suffix
      ? h("div", { class: "with-suffix" }, control, h("span", { class: "suffix", text: suffix, "aria-hidden": "true" }))
      : control,
    hint && h("p", { class: "hint", id: `${id}-hint`, text: hint }),
    error,
  );
  const fail = (text) => {
    error.hidden = !text;
    setText(error, text ?? "");
    control.toggleAttribute("aria-invalid", Boolean(text));
    if (text) control.setAttribute("aria-invalid", "true");
  };
  control.addEventListener("input", () => fail(null));
  return Object.assign(element, { control, fail });
}

/**
 * A form that is sent by `submit`, shows its problem, and cannot be sent twice at once.
 * @param {{submit: () => Promise<void>, label: string, children: any[], extra?: any[], class?: string}} what
 */
export function form({ submit, label, children, extra = [], class: name = "form" }) {
  const problem = h("p", { class: "form-problem", role: "alert", hidden: true });
  const button = h("button", { class: "button primary", type: "submit" }, label);
  const element = h(
    "form",
    { class: name, novalidate: true },
    ...children,
    problem,
    h("div", { class: "form-actions" }, button, ...extra),
  );
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    if (!complete(element)) return;
    problem.hidden = true;
    await busy(button, async () => {
      try {
        await submit();
      } catch (error) {
        problem.hidden = false;
        problem.textContent = problemText(error);
      }
    });
  });
  return element;
}

/** Names the first missing or malformed field, and goes there. */
function complete(element) {
  let first = null;
  for (const control of element.elements) {
    if (!control.willValidate || control.checkValidity()) continue;
    const holder = control.closest(".field");
    holder?.fail?.(control.validity.valueMissing ? t("form.missing") : t("form.malformed"));
    first ??= control;
  }
  first?.focus();
  return !first;
}

/** Disables a button while something is under way, without losing the focus. */
export async function busy(button, work) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

/**
 * Asks before something that cannot be taken back.
 * @param {{title: string, text?: string, confirm: string, danger?: boolean, reason?: string, body?: Node}} question `reason`: the label of a text to give
 * @returns {Promise<null | {reason: string}>} null when declined
 */
export function confirmed({ title, text, confirm, danger = false, reason, body }) {
  return new Promise((resolve) => {
    const why = reason ? field(reason, { maxlength: 200 }) : null;
    const id = `dialog-${(last += 1)}`;
    const yes = h("button", { class: `button ${danger ? "danger" : "primary"}`, value: "yes", text: confirm });
    const no = h("button", { class: "button quiet", value: "no", text: t("action.back"), formnovalidate: true });
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": id },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id, text: title }),
        text && h("p", { text }),
        body,
        why,
        h("div", { class: "form-actions" }, yes, no),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? { reason: why?.control.value.trim() ?? "" } : null);
    });
    document.body.append(dialog);
    dialog.returnValue = "no";
    dialog.showModal();
    (why?.control ?? (danger ? no : yes)).focus();
  });
}

let shelf = null;
const TOAST_FOR = 9000;

/**
 * A short message at the edge. It stays while pointed at or focused.
 * @param {{text: string, detail?: string, tone?: "good" | "bad" | "plain", href?: string}} message
 */
export function toast({ text, detail, tone = "plain", href }) {
  if (!shelf) {
    shelf = h("section", { class: "toasts", "aria-label": t("toast.region") });
    document.body.append(shelf);
  }
  const body = h(
    href ? "a" : "div",
    { class: "toast-body", href },
    h("strong", { text }),
    detail && h("span", { text: detail }),
  );
  const element = h(
    "div",
    { class: `toast ${tone}` },
    body,
    h(
      "button",
      { class: "icon-button", "aria-label": t("action.dismiss"), on: { click: () => element.remove() } },
      icon("close"),
    ),
  );
  shelf.append(element);
  while (shelf.children.length > 4) shelf.firstElementChild.remove();
  announce(detail ? `${text}. ${detail}` : text, tone === "bad" ? "assertive" : "polite");
  const fade = () => (element.matches(":hover, :focus-within") ? setTimeout(fade, 1000) : element.remove());
  setTimeout(fade, TOAST_FOR);
}

/** Shows a problem where there is no form for it. */
export function toastProblem(problem) {
  toast({ text: problemText(problem), tone: "bad" });
}

/** What stands where there is nothing yet. */
export function empty(title, text, action) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title", text: title }), text && h("p", { text }), action);
}

/** A paragraph for while something is being fetched. */
export function loading() {
  return h("p", { class: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), t("loading"));
}

/**
 * Fills a place from the server, with its waiting and its failing.
 * @param {HTMLElement} place
 * @param {() => Promise<any>} fetch
 * @param {(document: any) => any} draw gives the nodes
 * @param {AbortSignal} signal
 */
export async function fill(place, fetch, draw, signal) {
  place.replaceChildren(loading());
  try {
    const document = await fetch();
    if (!signal.aborted) place.replaceChildren(...[draw(document)].flat());
  } catch (problem) {
    if (signal.aborted) return;
    const again = h("button", {
      class: "button quiet",
      text: t("action.retry"),
      on: { click: () => fill(place, fetch, draw, signal) },
    });
    place.replaceChildren(empty(problemText(problem), null, again));
  }
}
