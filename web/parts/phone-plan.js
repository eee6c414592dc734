// Whether this phone would ring: the plan that it stores, and push for when the page is closed.

import { clockwork } from "../core/alarms.js";
import { h, show } from "../core/dom.js";
import { problemText, t } from "../core/i18n.js";
import { keepPlan, packOf } from "../core/phone-plan.js";
import { pushOff, pushOn, pushState } from "../core/push.js";
import { session } from "../core/session.js";
import { busy, toastProblem } from "./controls.js";
import { icon } from "./icons.js";

/** @param {AbortSignal} signal */
export function phonePlan(signal) {
  const pack = packOf(session.value.user.id);
  const warning = h("p", { class: "plan-state", role: "status" });
  const store = h("button", { type: "button", class: "button small primary" }, t("plan.store"));
  store.addEventListener("click", () =>
    busy(store, async () => {
      try {
        await keepPlan(pack);
      } catch (problem) {
        toastProblem(problem);
      }
    }),
  );
  const plan = h(
    "div",
    { class: "plan-line" },
    h("span", { class: "plan-sign" }, icon("alarm")),
    h("div", null, h("h2", { text: t("plan.title") }), warning),
    store,
  );
  const box = h("section", { class: "card plan", "aria-label": t("plan.region"), hidden: true }, plan, push());
  clockwork.watch((view) => {
    show(box, Boolean(view?.alarms.length));
    if (!view) return;
    const known = (view.plan?.acknowledged ?? null) === view.plan?.version;
    box.classList.toggle("warned", !known);
    warning.textContent = t(known ? "plan.known" : "plan.unknown");
    show(store, !known);
  }, signal);
  return box;
}

function push() {
  const said = h("p", { class: "plan-state", role: "status" });
  const button = h("button", { type: "button", class: "button small", hidden: true });
  let state = "off";
  const draw = () => {
    said.textContent = t(`push.${state}`);
    button.textContent = t(state === "on" ? "push.turnOff" : "push.turnOn");
    show(button, state === "on" || state === "off");
  };
  button.addEventListener("click", () =>
    busy(button, async () => {
      try {
        state = state === "on" ? await pushOff() : await pushOn();
        draw();
      } catch (problem) {
        said.textContent =
          problem?.name === "AbortError" || problem?.name === "NotAllowedError" ? t("push.failed") : problemText(problem);
      }
    }),
  );
  pushState().then((found) => {
    state = found;
    draw();
  });
  return h(
    "div",
    { class: "plan-line" },
    h("span", { class: "plan-sign" }, icon("bell")),
    h("div", null, h("h2", { text: t("push.title") }), said),
    button,
  );
}
