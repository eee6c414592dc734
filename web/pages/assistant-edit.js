// For admins: who an assistant is, what it talks about and from which articles, and how freely.

import { api, Problem } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { tagsOf } from "../core/knowledge.js";
import { navigate } from "../core/router.js";
import { holds } from "../core/session.js";
import { confirmed, field, fill, form, toast, toastProblem } from "../parts/controls.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const MAX_INSTRUCTIONS = 8000;
/** Between always saying the likeliest word and saying anything. */
const USUAL_TEMPERATURE = 0.3;

export function assistantEdit({ params, signal, title }) {
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  const place = h("section", { class: "medium knowledge" });
  if (params.name === undefined) {
    title(t("assistant.new"));
    place.append(head(t("assistant.new")), writing(null, signal));
    return place;
  }
  const find = async () => {
    const { items } = await api("GET", "/assistants", { signal });
    const found = items.find(({ name }) => name === params.name);
    if (!found) throw new Problem({ code: "chat.assistant_unknown", message: "" });
    return found;
  };
  const draw = (assistant) => {
    const name = language() === "ko" ? assistant.title_ko : assistant.title_en;
    title(name);
    return [head(name, assistant), writing(assistant, signal)];
  };
  fill(place, find, draw, signal);
  return place;
}

function head(text, assistant) {
  const remove = async () => {
    const sure = await confirmed({
      title: t("assistant.deleteTitle", { name: text }),
      text: t("assistant.deleteText"),
      confirm: t("assistant.delete"),
      danger: true,
    });
    if (!sure) return;
    try {
      await api("DELETE", `/assistants/${assistant.name}`);
      toast({ text: t("assistant.deleted", { name: text }) });
      navigate("/admin/assistants");
    } catch (problem) {
      toastProblem(problem);
    }
  };
  return h(
    "div",
    { class: "page-head" },
    h(
      "div",
      null,
      h("p", { class: "eyebrow" }, h("a", { href: "/admin/assistants", text: t("nav.assistants") })),
      h("h1", { text }),
      assistant && h("p", { class: "hint", text: assistant.name }),
    ),
    assistant && h("button", { type: "button", class: "button danger", text: t("assistant.delete"), on: { click: remove } }),
  );
}

function writing(assistant, signal) {
  const line = (key, name, more = {}) => field(t(key), { name, maxlength: 200, value: assistant?.[name], ...more });
  const list = (key, name) =>
    field(t(key), { name, maxlength: 2000, value: assistant?.[name].join(", ") }, { hint: t("assistant.listHint") });
  const name =
    !assistant &&
    field(
      t("assistant.name"),
      { name: "name", required: true, maxlength: 40, pattern: "[a-z0-9\\-]+", autocomplete: "off", autocapitalize: "none" },
      { hint: t("assistant.nameHint") },
    );
  const titles = [
    line("assistant.titleKo", "title_ko", { required: true, lang: "ko" }),
    line("assistant.titleEn", "title_en", { required: true, lang: "en" }),
  ];
  const greetings = [
    line("assistant.greetingKo", "greeting_ko", { lang: "ko" }),
    line("assistant.greetingEn", "greeting_en", { lang: "en" }),
  ];
  const instructions = field(
    t("assistant.instructions"),
    {
      type: "textarea",
      name: "instructions",
      required: true,
      rows: 9,
      maxlength: MAX_INSTRUCTIONS,
      value: assistant?.instructions,
    },
    { hint: t("assistant.instructionsHint") },
  );
  const sources = list("assistant.sources", "sources");
  const tags = list("assistant.tags", "tags");
  const temperature = field(
    t("assistant.temperature"),
    {
      type: "number",
      name: "temperature",
      required: true,
      min: 0,
      max: 2,
      step: 0.05,
      value: assistant ? Number(assistant.temperature.toFixed(2)) : USUAL_TEMPERATURE,
    },
    { hint: t("assistant.temperatureHint") },
  );
  const most = field(
    t("assistant.maxChars"),
    { type: "number", name: "max_chars", min: 50, max: 10000, step: 1, value: assistant?.max_chars },
    { hint: t("assistant.maxCharsHint") },
  );
  const health = checkbox("health", t("assistant.health"), assistant?.health ?? false);
  const enabled = checkbox("enabled", t("assistant.enabled"), assistant?.enabled ?? true);
  const submit = async () => {
    const value = (one) => one.control.value.trim();
    const body = {
      ...Object.fromEntries([...titles, ...greetings].map((one) => [one.control.name, value(one)])),
      instructions: value(instructions),
      sources: tagsOf(sources.control.value),
      tags: tagsOf(tags.control.value),
      temperature: Number(temperature.control.value),
      max_chars: value(most) === "" ? null : Number(most.control.value),
      health: health.box.checked,
      enabled: enabled.box.checked,
    };
    await api("PUT", `/assistants/${assistant?.name ?? value(name)}`, { body, signal });
    toast({ text: t("assistant.saved"), tone: "good" });
    navigate("/admin/assistants");
  };
  return form({
    label: t("action.save"),
    class: "form card",
    submit,
    children: [
      name,
      h("div", { class: "fields even" }, ...titles),
      h("div", { class: "fields even" }, ...greetings),
      instructions,
      h("div", { class: "fields even" }, sources, tags),
      h("div", { class: "fields even" }, temperature, most),
      h("div", { class: "checks" }, health.element, enabled.element),
    ].filter(Boolean),
  });
}

function checkbox(name, text, checked) {
  const box = h("input", { type: "checkbox", name, props: { checked } });
  return { box, element: h("label", { class: "check" }, box, h("span", { text })) };
}
