// What may be done to a campaign now.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { busy, confirmed, toast, toastProblem } from "./controls.js";

const QUESTIONS = { complete: {}, reject: { reason: true } };

/**
 * @param {any} view
 * @param {string[]} actions
 * @param {() => void} changed
 */
export function campaignActions(view, actions, changed) {
  return actions.map((action) => {
    const tone = { approve: "primary", reject: "quiet danger-text", complete: "quiet" }[action] ?? "";
    const button = h("button", { type: "button", class: `button ${tone}`, data: { action }, text: t(`campaign.${action}`) });
    button.addEventListener("click", () => act(button, view, action, changed));
    return button;
  });
}

async function act(button, view, action, changed) {
  const question = QUESTIONS[action];
  let body = {};
  if (question) {
    const answer = await confirmed({
      title: t(`campaign.${action}Ask`, { name: view.name }),
      text: t(`campaign.${action}Text`),
      confirm: t(`campaign.${action}`),
      danger: true,
      reason: question.reason ? t("campaign.rejectReason") : undefined,
    });
    if (!answer) return;
    if (question.reason) body = { reason: answer.reason || t("campaign.noReason") };
  }
  await busy(button, async () => {
    try {
      await api("POST", `/campaigns/${view.id}/${action}`, { body, key: crypto.randomUUID() });
      toast({ text: t(`campaign.${action}Done`), tone: "good" });
    } catch (problem) {
      toastProblem(problem);
    }
    changed();
  });
}
