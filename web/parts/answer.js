// An answer on a page: Markdown as elements, citations that open their source, what was checked.

import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { parse, withMarks } from "../core/markdown.js";

const SIGNS = { grounded: "✓", partly: "≈", not_found: "?", not_compared: "" };

/**
 * Draws an answer's text.
 * @param {{text: string, marks: any[], sources: any[]}} answer
 * @param {(number: number) => void} open called with the number of a source
 * @returns {HTMLElement[]}
 */
export function answerBody({ text, marks, sources }, open) {
  const links = new Set(sources.map(({ url }) => url).filter(Boolean));
  const context = { marks, sources, open, links };
  return parse(withMarks(text, marks)).map((block) => drawBlock(block, context));
}

function drawBlock(block, context) {
  const parts = (inline) => inline.map((part) => drawInline(part, context));
  switch (block.kind) {
    case "heading":
      return h(`h${Math.min(block.level + 2, 6)}`, null, ...parts(block.inline));
    case "list":
      return h(
        block.ordered ? "ol" : "ul",
        { start: block.ordered && block.start !== 1 ? block.start : null },
        ...block.items.map((item) => h("li", null, ...parts(item))),
      );
    case "quote":
      return h("blockquote", null, ...parts(block.inline));
    case "code":
      return h("pre", { tabindex: "0" }, h("code", { text: block.text }));
    case "rule":
      return h("hr");
    case "table": {
      const row = (cells, tag) => h("tr", null, ...cells.map((cell) => h(tag, null, ...parts(cell))));
      return h(
        "div",
        { class: "scroll" },
        h("table", null, h("thead", null, row(block.head, "th")), h("tbody", null, ...block.rows.map((cells) => row(cells, "td")))),
      );
    }
    default:
      return h("p", null, ...parts(block.inline));
  }
}

function drawInline(part, context) {
  const parts = () => part.inline.map((inner) => drawInline(inner, context));
  switch (part.kind) {
    case "strong":
    case "em":
      return h(part.kind, null, ...parts());
    case "code":
      return h("code", { text: part.text });
    case "link":
      // Links lead to sources only; any other is its words.
      return context.links.has(part.href)
        ? h("a", { href: part.href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...parts())
        : h("span", null, ...parts());
    case "cite":
      return cite(part.number, context);
    case "mark":
      return checked(context.marks[part.place]);
    case "break":
      return h("br");
    default:
      return document.createTextNode(part.text);
  }
}

function cite(number, { sources, open }) {
  const source = sources[number - 1];
  if (!source) return document.createTextNode(`[${number}]`);
  return h("button", {
    type: "button",
    class: "cite",
    text: String(number),
    title: source.title,
    "aria-label": t("chat.source", { number, title: source.title }),
    on: { click: () => open(number) },
  });
}

function checked(mark) {
  if (!mark || !SIGNS[mark.badge]) return document.createTextNode("");
  const text = t(`chat.badge.${mark.badge}`);
  return h("span", { class: `checked ${mark.badge}`, role: "img", "aria-label": text, title: text, text: SIGNS[mark.badge] });
}
