// Whether what one asks the coach may be kept for those who improve it. Off until a person says so.

import { api } from "../core/api.js";
import { h, setText } from "../core/dom.js";
import { count, t } from "../core/i18n.js";
import { busy, fill, toast, toastProblem } from "./controls.js";

/** @param {AbortSignal} signal */
export function consent(signal) {
  const place = h("div");
  fill(place, () => api("GET", "/chats/consent", { signal }), draw, signal);
  return h(
    "section",
    { class: "card", "aria-labelledby": "consent" },
    h("h2", { id: "consent", text: t("consent.title") }),
    place,
  );
}

function draw(view) {
  const box = h("input", { type: "checkbox", role: "switch", id: "consent-prompts", props: { checked: view.prompts } });
  const said = h("p", { class: "hint", role: "status" });
  const tell = ({ prompts, kept }) => setText(said, prompts ? t("consent.kept", { kept: count(kept) }) : t("consent.off"));
  box.addEventListener("change", () =>
    busy(box, async () => {
      try {
        const now = await api("PUT", "/chats/consent", { body: { prompts: box.checked } });
        tell(now);
        toast({ text: t(now.prompts ? "consent.given" : "consent.withdrawn"), tone: "good" });
      } catch (problem) {
        box.checked = !box.checked;
        toastProblem(problem);
      }
    }),
  );
  tell(view);
  return [
    h("p", { class: "hint", text: t("consent.how", { days: view.days }) }),
    h("div", { class: "toggle" }, h("label", { for: box.id, text: t("consent.agree") }), h("span", { class: "switch" }, box)),
    said,
  ];
}
