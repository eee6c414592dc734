// A list that grows by pages.

import { h } from "../core/dom.js";
import { problemText, t } from "../core/i18n.js";
import { busy, loading, toastProblem } from "./controls.js";

/**
 * @param {{fetch: (after: string | null) => Promise<{items: any[], next: any}>, row: (item: any) => HTMLElement,
 *   none: () => HTMLElement, signal: AbortSignal, list?: HTMLElement}} what `list`: where rows go; a plain list when left out
 * @returns {{element: HTMLElement, renew: () => Promise<void>}}
 */
export function pager({ fetch, row, none, signal, list = h("ul", { class: "rows" }) }) {
  const body = list.matches("table") ? list.tBodies[0] : list;
  const note = h("div");
  const more = h("button", { class: "button quiet more", type: "button", hidden: true, text: t("action.more") });
  const element = h("div", null, h("div", { class: "scroll" }, list), note, more);
  let next = null;
  const renew = async () => {
    try {
      const page = await fetch(null);
      if (signal.aborted) return;
      next = page.next ?? null;
      body.replaceChildren(...page.items.map(row));
      note.replaceChildren(...(page.items.length ? [] : [none()]));
      list.hidden = page.items.length === 0;
    } catch (problem) {
      if (signal.aborted) return;
      note.replaceChildren(
        h("p", { class: "form-problem", text: problemText(problem) }),
        h("button", { class: "button quiet", text: t("action.retry"), on: { click: renew } }),
      );
    }
    more.hidden = !next;
  };
  more.addEventListener("click", () =>
    busy(more, async () => {
      try {
        const page = await fetch(next);
        next = page.next ?? null;
        body.append(...page.items.map(row));
        more.hidden = !next;
      } catch (problem) {
        toastProblem(problem);
      }
    }),
  );
  list.hidden = true;
  note.replaceChildren(loading());
  renew();
  return { element, renew };
}
