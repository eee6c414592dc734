// One raffle, live: prizes, odds, one's own entries; after the draw who won, and the proof, checked in this browser.

import { api } from "../core/api.js";
import { announce, h, setText } from "../core/dom.js";
import { count, problemText, t, when } from "../core/i18n.js";
import { watchChannel } from "../core/live.js";
import { apply, needsView, renewed } from "../core/raffle.js";
import { holds, session } from "../core/session.js";
import { Store } from "../core/store.js";
import { busy, confirmed, fill, toast, toastProblem } from "../parts/controls.js";
import { countdown } from "../parts/countdown.js";
import { proofPart } from "../parts/raffle-proof.js";
import { notFound } from "./not-found.js";
import { oddsText } from "./raffles.js";

export function rafflePage({ params, signal, title }) {
  const id = Number(params.id);
  if (!Number.isSafeInteger(id)) return notFound({ title });
  title(t("raffle.number", { id }));
  const place = h("div", { class: "medium raffle" });
  fill(
    place,
    () => api("GET", `/raffles/${id}`, { signal }),
    (view) => {
      title(view.title);
      return draw(view, signal);
    },
    signal,
  );
  return place;
}

function draw(view, signal) {
  /** @type {Store<any>} */
  const raffle = new Store(view);
  const renew = follow(raffle, signal);
  const chip = h("span", { class: "chip" });
  raffle.watch(({ state }) => {
    chip.className = `chip raffle-${state}`;
    setText(chip, t(`raffle.state.${state}`));
  }, signal);
  const prizes = h("ol", { class: "rows raffle-prizes" });
  raffle.watch((now) => prizes.replaceChildren(...now.prizes.map((prize) => prizeRow(prize, now))), signal);
  return [
    h(
      "header",
      { class: "page-head" },
      h("div", null, h("p", { class: "eyebrow", text: t("raffle.number", { id: view.id }) }), h("h1", { text: view.title })),
      chip,
    ),
    view.description && h("p", { class: "raffle-description", text: view.description }),
    wonPart(raffle, signal),
    facts(raffle, signal),
    entering(raffle, renew, signal),
    h("section", { class: "card", "aria-labelledby": "prizes" }, h("h2", { id: "prizes", text: t("raffle.prizes") }), prizes),
    proofPart(raffle, signal),
    holds("admin") && adminPart(raffle, renew, signal),
  ].filter(Boolean);
}

/** Keeps the raffle in step with its channel. */
function follow(raffle, signal) {
  const { id } = raffle.value;
  const renew = async () => {
    try {
      raffle.set(renewed(raffle.value, await api("GET", `/raffles/${id}`, { signal })));
    } catch {
      // The channel goes on telling; the next reason to ask comes with it.
    }
  };
  watchChannel(
    `raffle:${id}`,
    {
      subscribed: (view, { lost }) => {
        if (view && view.offset > raffle.value.offset) renew();
        if (lost || !view) renew();
      },
      publication: (event, offset) => {
        const before = raffle.value.state;
        raffle.set(apply(raffle.value, event, offset));
        if (raffle.value.state !== before) announce(t(`raffle.state.${raffle.value.state}`), "polite");
        if (needsView(event)) renew();
      },
      error: renew,
    },
    signal,
  );
  let owner = session.value.user?.id;
  session.watch(({ user }) => {
    if (user?.id !== owner) renew();
    owner = user?.id;
  }, signal);
  return renew;
}

function prizeRow({ prize, title, expires_on }, { state, winners }) {
  const winner = winners.find((one) => one.prize === prize);
  const fate = state !== "drawn" ? null : winner ? t("raffle.wonBy", { ticket: winner.ticket }) : t("raffle.notWon");
  return h(
    "li",
    null,
    h(
      "span",
      { class: "entry" },
      h("strong", { text: title }),
      expires_on && h("span", { class: "aside", text: t("raffle.expires", { date: expires_on }) }),
    ),
    fate && h("span", { class: "figures", text: fate }),
  );
}

/** What one won, with its codes. */
function wonPart(raffle, signal) {
  const element = h("section", { class: "card raffle-won", hidden: true, "aria-live": "polite" });
  raffle.watch(({ mine }) => {
    const prizes = mine?.prizes ?? [];
    element.hidden = prizes.length === 0;
    element.replaceChildren(
      h("h2", { text: t("raffle.youWon") }),
      ...prizes.map(({ title, code, expires_on }) =>
        h(
          "div",
          { class: "raffle-code" },
          h("p", null, title),
          h("code", { text: code }),
          expires_on && h("p", { class: "aside", text: t("raffle.expires", { date: expires_on }) }),
        ),
      ),
      h("p", { class: "hint", text: t("raffle.codeHint") }),
    );
  }, signal);
  return element;
}

function facts(raffle, signal) {
  const values = Object.fromEntries(
    ["odds", "entries", "participants", "cost"].map((name) => [name, h("dd", { class: "figures", data: { fact: name } })]),
  );
  const clock = h("dd");
  const clockName = h("dt");
  raffle.watch((now) => {
    setText(values.odds, oddsText(now.odds));
    setText(values.entries, count(now.entries));
    setText(values.participants, count(now.participants));
    setText(values.cost, t("raffle.stamps", { count: now.entry_stamps }));
    const over = now.state === "drawn" || now.state === "cancelled";
    setText(clockName, t(over ? "raffle.drawn" : now.state === "open" ? "raffle.closesIn" : "raffle.drawIn"));
    const end = now.state === "open" ? now.closes_at : now.draw_at;
    if (over) clock.replaceChildren(when(now.drawn_at ?? now.draw_at));
    else clock.replaceChildren(countdown({ state: "live", ends_at: end }));
  }, signal);
  const fact = (key, value, name) => h("div", { class: name }, h("dt", { text: t(key) }), value);
  return h(
    "dl",
    { class: "account card raffle-now" },
    fact("raffle.odds", values.odds, "account-main"),
    fact("raffle.entries", values.entries),
    fact("raffle.participants", values.participants),
    fact("raffle.cost", values.cost),
    h("div", null, clockName, clock),
  );
}

/** Entering, as often as one likes; the word goes into the draw. */
function entering(raffle, renew, signal) {
  const own = h("p", { class: "raffle-own", role: "status" });
  const problem = h("p", { class: "form-problem", role: "alert", hidden: true });
  const nonce = h("input", { id: "nonce", name: "nonce", maxlength: 64, autocomplete: "off", pattern: "[A-Za-z0-9_\\-]*" });
  const button = h("button", { type: "submit", class: "button primary big" });
  // The same id until it is answered: a second press after a lost answer pays nothing twice.
  let key = crypto.randomUUID();
  const enter = async () => {
    problem.hidden = true;
    try {
      const word = nonce.value.trim();
      const entry = await api("POST", `/raffles/${raffle.value.id}/entries`, { body: word ? { nonce: word } : {}, key });
      nonce.value = "";
      toast({ text: t("raffle.entered", { entry: entry.entry }), tone: "good" });
    } catch (error) {
      problem.hidden = false;
      setText(problem, error.code === "money.no_funds" ? t("raffle.tooFewStamps", error.detail ?? {}) : problemText(error));
    }
    key = crypto.randomUUID();
    await renew();
  };
  const form = h(
    "form",
    { class: "raffle-enter" },
    h(
      "details",
      { class: "raffle-nonce" },
      h("summary", { text: t("raffle.nonceTitle") }),
      h("div", { class: "field" }, h("label", { for: "nonce", text: t("raffle.nonce") }), nonce),
      h("p", { class: "hint", text: t("raffle.nonceHint") }),
    ),
    problem,
    button,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!button.disabled) busy(button, enter);
  });
  const element = h("section", { class: "card", "aria-label": t("raffle.enter") }, own, form);
  const signIn = h("a", { class: "button primary", href: "/sign-in", text: t("raffle.signIn") });
  element.append(signIn);
  raffle.watch(({ state, mine, entry_stamps, reason }) => {
    const signedIn = Boolean(session.value.user);
    form.hidden = state !== "open" || !signedIn;
    signIn.hidden = state !== "open" || signedIn;
    setText(button, t("raffle.enterFor", { count: entry_stamps }));
    const lost = state === "drawn" && mine && mine.won.length === 0;
    const text = mine
      ? t("raffle.mine", { count: mine.entries, tickets: mine.tickets.slice(0, 12).join(", ") })
      : t(`raffle.none.${state}`);
    setText(
      own,
      [text, lost && t("raffle.lost"), state === "cancelled" && t("raffle.refunded", { reason })].filter(Boolean).join(" "),
    );
  }, signal);
  return element;
}

function adminPart(raffle, renew, signal) {
  const cancel = async () => {
    const answer = await confirmed({
      title: t("raffle.cancelTitle"),
      text: t("raffle.cancelText"),
      confirm: t("raffle.cancel"),
      danger: true,
      reason: t("raffle.cancelReason"),
    });
    if (!answer) return;
    try {
      await api("POST", `/raffles/${raffle.value.id}/cancel`, { body: { reason: answer.reason }, key: crypto.randomUUID() });
      await renew();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  const button = h("button", { type: "button", class: "button danger", text: t("raffle.cancel"), on: { click: cancel } });
  const winners = h("ul", { class: "rows" });
  const element = h(
    "section",
    { class: "card", "aria-labelledby": "raffle-admin" },
    h("h2", { id: "raffle-admin", text: t("raffle.admin") }),
    winners,
    button,
  );
  let asked = false;
  raffle.watch(async ({ id, state }) => {
    button.hidden = state !== "open";
    element.hidden = state === "frozen" || state === "cancelled";
    if (state !== "drawn" || asked) return;
    asked = true;
    const { items } = await api("GET", `/raffles/${id}/winners`, { signal }).catch(() => ({ items: [] }));
    winners.replaceChildren(
      ...items.map(({ title, name, email }) =>
        h("li", null, h("strong", { text: title }), h("span", { text: `${name ?? "–"} · ${email ?? "–"}` })),
      ),
    );
  }, signal);
  return element;
}
