// A new campaign: what is asked, how sure an answer must be, what it pays.

import { api } from "../core/api.js";
import { choicesOf, rulesOf } from "../core/campaign.js";
import { h, setText, show } from "../core/dom.js";
import { count, t } from "../core/i18n.js";
import { votesOf, STOPS } from "../core/campaign.js";
import { navigate } from "../core/router.js";
import { holds } from "../core/session.js";
import { field, form, toast } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const KINDS = ["ocr", "choice", "text"];
const CARES = ["quick", "usual", "careful", "confidence"];
const POINTS = 15;
const GOLD = 10;

export function newCampaign({ title }) {
  title(t("company.new"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("company")) return notYours();
  const name = field(t("campaign.name"), { name: "name", required: true, maxlength: 100 }, { hint: t("campaign.nameHint") });
  const description = field(t("campaign.description"), { type: "textarea", name: "description", maxlength: 2000, rows: 2 });
  const kind = cards("kind", t("campaign.kind"), KINDS, "ocr", drawKind);
  const instructions = field(
    t("campaign.instructions"),
    { type: "textarea", name: "instructions", maxlength: 2000, rows: 2, value: t("task.ask.ocr") },
    { hint: t("campaign.instructionsHint") },
  );
  const choices = field(
    t("campaign.choices"),
    { type: "textarea", name: "choices", rows: 4 },
    { hint: t("campaign.choicesHint") },
  );
  const care = cards("care", t("campaign.care"), CARES, "usual", estimate);
  const points = field(
    t("campaign.points"),
    { type: "number", name: "points", min: 0, max: 10_000, value: POINTS, required: true, inputmode: "numeric" },
    { suffix: "P" },
  );
  const gold = field(
    t("campaign.gold"),
    { type: "number", name: "gold", min: 0, max: 30, value: GOLD, required: true, inputmode: "numeric" },
    { suffix: "%", hint: t("campaign.goldHint") },
  );
  const folds = ["foldCase", "foldWidth", "ignorePunctuation"].map((one) => checkbox(one, t(`campaign.${one}`)));
  const said = h("output", { class: "estimate" });
  let asked = t("task.ask.ocr");

  function drawKind() {
    const chosen = kind.value();
    show(choices, chosen === "choice");
    show(textRules, chosen !== "choice");
    // The question follows the kind as long as nobody wrote their own.
    if (instructions.control.value === asked || !instructions.control.value) {
      asked = t(`task.ask.${chosen}`);
      instructions.control.value = asked;
    }
  }
  function estimate() {
    const { least, most } = votesOf(STOPS[care.value()]);
    const pay = Number(points.control.value) || 0;
    setText(said, t("campaign.estimate", { least: count(least * pay * 1000), most: count(most * pay * 1000) }));
  }
  const textRules = h(
    "details",
    { class: "rules" },
    h("summary", { text: t("campaign.same") }),
    h("div", { class: "checks" }, ...folds.map(({ element }) => element)),
  );
  drawKind();
  estimate();
  points.control.addEventListener("input", estimate);
  const key = crypto.randomUUID();
  const made = form({
    label: t("campaign.request"),
    children: [
      h("fieldset", { class: "card" }, h("legend", { text: t("campaign.what") }), name, description),
      h(
        "fieldset",
        { class: "card" },
        h("legend", { text: t("campaign.task") }),
        kind.element,
        instructions,
        choices,
        textRules,
      ),
      h(
        "fieldset",
        { class: "card" },
        h("legend", { text: t("campaign.quality") }),
        care.element,
        h("div", { class: "fields" }, points, gold),
        h("p", { class: "hint" }, said),
      ),
    ],
    extra: [h("a", { class: "button quiet", href: "/company", text: t("action.back") })],
    submit: async () => {
      if (kind.value() === "choice" && choicesOf(choices.control.value).length < 2) {
        choices.fail(t("campaign.choicesFew"));
        return choices.control.focus();
      }
      const [foldCase, foldWidth, ignorePunctuation] = folds.map(({ box }) => box.checked);
      const rules = rulesOf({
        kind: kind.value(),
        instructions: instructions.control.value.trim(),
        choices: choices.control.value,
        care: care.value(),
        points: Number(points.control.value),
        gold: Number(gold.control.value),
        foldCase,
        foldWidth,
        ignorePunctuation,
      });
      const body = { name: name.control.value.trim(), description: description.control.value.trim(), rules };
      const view = await api("POST", "/campaigns", { body, key });
      toast({ text: t("campaign.requested"), tone: "good" });
      navigate(`/campaigns/${view.id}/upload`);
    },
  });
  return h("section", { class: "medium new-campaign" }, h("h1", { text: t("company.new") }), made);
}

/** A choice among a few, each with a line that explains it. */
function cards(name, label, values, first, changed) {
  const boxes = values.map((value) => h("input", { type: "radio", name, value, props: { checked: value === first } }));
  const options = values.map((value, n) =>
    h(
      "label",
      { class: "option" },
      boxes[n],
      h(
        "span",
        { class: "option-text" },
        h("strong", { text: t(`${name}.${value}`) }),
        h("span", { text: t(`${name}.${value}.text`) }),
      ),
      icon("check"),
    ),
  );
  for (const box of boxes) box.addEventListener("change", changed);
  return {
    element: h("fieldset", { class: "options" }, h("legend", { text: label }), h("div", { class: "option-grid" }, ...options)),
    value: () => boxes.find(({ checked }) => checked)?.value ?? first,
  };
}

function checkbox(name, text) {
  const box = h("input", { type: "checkbox", name });
  return { box, element: h("label", { class: "check" }, box, text) };
}
