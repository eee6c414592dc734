// The button that asks for another code, once it may.

import { h, setText } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { busy, toast, toastProblem } from "./controls.js";

const FIRST_WAIT_S = 60;

/**
 * @param {() => Promise<{resend_after_s?: number}>} send asks for another code
 * @param {{resend_after_s?: number}} times of the first one
 * @param {AbortSignal} signal
 */
export function resendButton(send, times, signal) {
  const button = h("button", { class: "button quiet", type: "button" });
  let clock = count(button, times, signal);
  button.addEventListener("click", () =>
    busy(button, async () => {
      try {
        const fresh = await send();
        toast({ text: t("signUp.sentAgain") });
        clearInterval(clock);
        clock = count(button, fresh, signal);
      } catch (problem) {
        toastProblem(problem);
      }
    }),
  );
  return button;
}

function count(button, { resend_after_s }, signal) {
  const until = performance.now() + (resend_after_s ?? FIRST_WAIT_S) * 1000;
  const draw = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    button.setAttribute("aria-disabled", String(left > 0));
    setText(button, left > 0 ? t("signUp.resendIn", { left }) : t("signUp.resend"));
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(draw, 1000);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  draw();
  return timer;
}
