// The rules of a campaign in words.

import { votesOf } from "../core/campaign.js";
import { h } from "../core/dom.js";
import { count, t } from "../core/i18n.js";

export function campaignRules({ rules, golds }) {
  if (!rules) return h("p");
  const { least, most } = votesOf(rules.stop);
  const facts = [
    ["kind", t(`kind.${rules.kind}`)],
    ["instructions", rules.instructions || "–"],
    rules.choices?.length ? ["choices", rules.choices.join(", ")] : null,
    ["stop", t("rulesOf.stop", { rule: stopText(rules.stop), least, most })],
    ["points", t("task.points", { points: rules.points })],
    ["gold", t("rulesOf.gold", { share: rules.gold_bp / 100, golds: count(golds ?? 0) })],
    ["undecided", t(`rulesOf.undecided.${rules.undecided ?? "pay"}`)],
    ["lease", t("rulesOf.seconds", { seconds: rules.lease_s })],
  ].filter(Boolean);
  return h(
    "dl",
    { class: "facts card" },
    ...facts.map(([name, text]) => h("div", null, h("dt", { text: t(`rulesOf.${name}`) }), h("dd", { text }))),
  );
}

function stopText(stop) {
  if (stop?.quorum) return t("rulesOf.quorum", { share: stop.quorum.agreement_bp / 100 });
  if (stop?.confidence) return t("rulesOf.confidence", { share: stop.confidence.target_bp / 100 });
  return t("rulesOf.pointsRule", { points: (stop?.points?.accept_halves ?? 0) / 2 });
}
