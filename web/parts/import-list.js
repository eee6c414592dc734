// Files of articles on their way in, each with its progress and with what was wrong.

import { h, keyed, setText } from "../core/dom.js";
import { count, has, t, when } from "../core/i18n.js";
import { followImport, progressOf } from "../core/knowledge.js";

/**
 * @param {AbortSignal} signal
 * @param {() => void} over called when an import ends
 */
export function importList(signal, over) {
  const list = h("ul", { class: "imports" });
  let shown = [];
  const draw = () => keyed(list, shown, ({ id }) => String(id), row, update);
  const seen = (view) => {
    shown = [view, ...shown.filter(({ id }) => id !== view.id)].sort((a, b) => b.id - a.id);
    draw();
  };
  const follow = (view) => {
    seen(view);
    if (view.state !== "working") return over();
    followImport(view.id, seen, signal).then(over, () => {});
  };
  return { element: list, follow, seen };
}

function row(view) {
  const bar = h("progress", { max: 1, "aria-label": view.name });
  const element = h(
    "li",
    { class: "import" },
    h(
      "div",
      { class: "import-head" },
      h("strong", { text: view.name }),
      h("span", { class: "chip" }),
      h("span", { class: "hint", text: when(view.created_at) }),
    ),
    bar,
    h("p", { class: "import-counts figures" }),
    h("ul", { class: "import-faults" }),
  );
  update(element, view);
  return element;
}

function update(element, view) {
  const chip = element.querySelector(".chip");
  chip.className = `chip import-${view.state}`;
  setText(chip, t(`import.state.${view.state}`));
  const bar = element.querySelector("progress");
  bar.hidden = view.state !== "working";
  const share = progressOf(view);
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
  setText(element.querySelector(".import-counts"), view.failure ? reasonText(view.failure) : countsText(view));
  const faults = element.querySelector(".import-faults");
  faults.hidden = view.faults.length === 0;
  if (faults.children.length !== view.faults.length)
    faults.replaceChildren(...view.faults.map((fault) => h("li", { text: faultText(fault) })));
}

function countsText({ articles, done, added, changed, unchanged, refused }) {
  const numbers = { added, changed, unchanged, refused };
  const all = Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, count(number)]));
  return t("import.counts", { ...all, done: count(done), articles: articles === null ? "…" : count(articles) });
}

function reasonText({ code, message }) {
  return has(`import.fault.${code}`) ? t(`import.fault.${code}`) : message;
}

function faultText(fault) {
  const text = reasonText(fault);
  return fault.line === null ? text : t("import.line", { line: fault.line, text });
}
