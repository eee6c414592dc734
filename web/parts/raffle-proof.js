// How a draw can be checked: what is published when, and the proof repeated in this very browser.

import { api } from "../core/api.js";
import { h, setText } from "../core/dom.js";
import { count, problemText, t, when } from "../core/i18n.js";
import { canVerify, Flaw, verify } from "../core/draw.js";
import { busy } from "./controls.js";

export function proofPart(raffle, signal) {
  const hashes = h("dl", { class: "raffle-hashes" });
  const verdict = h("p", { class: "raffle-verdict", role: "status", hidden: true });
  const { id } = raffle.value;
  /** What this page knew before the draw: a proof must agree with it. */
  const seen = {};
  const check = h("button", { type: "button", class: "button", text: t("proof.check"), data: { action: "check" } });
  const file = h("a", {
    class: "button quiet",
    href: `/api/v1/raffles/${id}/proof`,
    download: `raffle-${id}.json`,
    text: t("proof.file"),
  });
  const actions = h("div", { class: "form-actions", hidden: true }, check, file);
  const tell = (tone, text) => {
    verdict.hidden = false;
    verdict.dataset.tone = tone;
    setText(verdict, text);
  };
  check.addEventListener("click", () =>
    busy(check, async () => {
      if (!canVerify()) return tell("plain", t("proof.cannot"));
      try {
        const held = await verify(await api("GET", `/raffles/${id}/proof`, { signal }), seen);
        tell("good", t("proof.holds", { tickets: count(held.tickets), winners: count(held.winners) }));
      } catch (error) {
        if (error instanceof Flaw) tell("bad", t("proof.fails", { step: t(`proof.step.${error.step}`) }));
        else tell("plain", problemText(error));
      }
    }),
  );
  raffle.watch((now) => {
    if (now.state !== "drawn") seen.commitment = now.commitment;
    if (now.state === "frozen") seen.list_hash = now.list_hash;
    const line = (key, value, at) =>
      h(
        "div",
        { class: value ? "" : "later" },
        h("dt", { text: t(key) }),
        h("dd", null, value ? h("code", { text: value }) : t("proof.later"), at && h("time", { datetime: at, text: when(at) })),
      );
    hashes.replaceChildren(
      line("proof.commitment", now.commitment),
      line("proof.listHash", now.list_hash, now.frozen_at),
      line("proof.seed", now.seed, now.drawn_at),
    );
    actions.hidden = now.state !== "drawn";
  }, signal);
  return h(
    "section",
    { class: "card raffle-proof", "aria-labelledby": "proof" },
    h("h2", { id: "proof", text: t("proof.title") }),
    h("p", { class: "hint", text: t("proof.how") }),
    hashes,
    actions,
    verdict,
  );
}
