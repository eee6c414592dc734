// One task to be answered: the picture with its box, what is asked, one input or the choices.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { icon } from "./icons.js";
import { imageViewer } from "./image-viewer.js";

/** More choices than this are a list that scrolls, without number keys. */
const NUMBERED = 9;

/**
 * @param {{kind: string, instructions: string, choices: string[], image: string, width: number, height: number,
 *   region: any, points: number}} task
 * @param {{answer: (text: string) => Promise<void>, label?: string}} what
 */
export function taskCard(task, { answer, label = t("task.answer") }) {
  const viewer = imageViewer({
    src: task.image,
    width: task.width,
    height: task.height,
    region: task.region,
    alt: t(task.region ? "task.pictureBox" : "task.picture"),
  });
  const said = h("p", { class: "task-said", role: "alert" });
  const question = h("p", {
    class: "task-question",
    id: "task-question",
    text: task.instructions || t(`task.ask.${kindOf(task)}`),
  });
  const controls = isChoice(task) ? choices(task, answer) : input(task, answer, label);
  const home = h(
    "button",
    { type: "button", class: "button small quiet box-home", on: { click: () => viewer.home() } },
    icon("frame"),
    t("viewer.box"),
  );
  const element = h(
    "div",
    { class: "task" },
    h("div", { class: "task-picture" }, viewer, task.region && home),
    h("div", { class: "task-ask" }, question, controls.element, said),
  );
  return {
    element,
    viewer,
    focus: controls.focus,
    clear: controls.clear,
    say: (text) => (said.textContent = text ?? ""),
    busy: controls.busy,
  };
}

const kindOf = ({ kind }) => (typeof kind === "string" ? kind : Object.keys(kind ?? { text: 0 })[0]);

export const isChoice = (task) => kindOf(task) === "choice";

function input(task, answer, label) {
  const box = h("input", {
    name: "answer",
    class: "task-input",
    maxlength: 1000,
    autocomplete: "off",
    autocapitalize: "off",
    autocorrect: "off",
    spellcheck: "false",
    enterkeyhint: "send",
    "aria-labelledby": "task-question",
    placeholder: t(`task.placeholder.${kindOf(task) === "ocr" ? "ocr" : "text"}`),
  });
  const send = h("button", { class: "button primary big", type: "submit" }, label, icon("check"));
  const form = h("form", { class: "task-form", novalidate: true }, box, send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text) return box.focus();
    if (!send.disabled) answer(text);
  });
  return {
    element: form,
    focus: () => box.focus({ preventScroll: true }),
    clear: () => (box.value = ""),
    busy: (on) => {
      send.disabled = on;
      box.readOnly = on;
      send.toggleAttribute("aria-busy", on);
      if (on) send.setAttribute("aria-busy", "true");
    },
  };
}

function choices(task, answer) {
  const buttons = task.choices.map((choice, n) =>
    h(
      "button",
      { type: "button", class: "button choice", value: choice, on: { click: () => answer(choice) } },
      task.choices.length <= NUMBERED && h("kbd", { "aria-hidden": "true", text: String(n + 1) }),
      h("span", { text: choice }),
    ),
  );
  const element = h("div", { class: "choices", role: "group", "aria-labelledby": "task-question" }, ...buttons);
  element.addEventListener("keydown", (event) => {
    const button = buttons[Number(event.key) - 1];
    if (!button || task.choices.length > NUMBERED) return;
    event.preventDefault();
    button.click();
  });
  return {
    element,
    focus: () => buttons[0]?.focus({ preventScroll: true }),
    clear: () => {},
    busy: (on) => {
      for (const button of buttons) button.disabled = on;
    },
  };
}
