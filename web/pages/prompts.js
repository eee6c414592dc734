// For admins: what people who agreed to it have asked, and what was answered.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { t, when } from "../core/i18n.js";
import { holds } from "../core/session.js";
import { busy, empty, toastProblem } from "../parts/controls.js";
import { pager } from "../parts/pager.js";
import { notYours, signInFirst } from "./sign-in-first.js";

export function promptsPage({ signal, title }) {
  title(t("nav.prompts"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  const list = pager({
    list: h("ul", { class: "prompts" }),
    fetch: (after) => api("GET", `/prompts${query({ after, limit: 20 })}`, { signal }),
    row: card,
    none: () => empty(t("prompts.none"), t("prompts.noneHint")),
    signal,
  });
  return h(
    "section",
    { class: "medium" },
    h("h1", { text: t("nav.prompts") }),
    h("p", { class: "aside", text: t("prompts.how") }),
    list.element,
  );
}

function card({ id, asked_at, assistant, model, stage, question, answer }) {
  const element = h("li", { class: "card prompt" });
  const remove = ({ currentTarget }) =>
    busy(currentTarget, async () => {
      try {
        await api("DELETE", `/prompts/${id}`);
        element.remove();
      } catch (problem) {
        toastProblem(problem);
      }
    });
  element.append(
    h(
      "p",
      { class: "prompt-head hint" },
      h("time", { datetime: asked_at, text: when(asked_at, "full") }),
      ...[assistant, model, t(`chat.stage.${stage}`)].filter(Boolean).map((text) => h("span", { class: "chip", text })),
    ),
    h("p", { class: "prompt-question", text: question }),
    h("details", null, h("summary", { text: t("prompts.answer") }), h("p", { class: "prompt-answer", text: answer })),
    h("button", { type: "button", class: "button small quiet", text: t("prompts.delete"), on: { click: remove } }),
  );
  return element;
}
