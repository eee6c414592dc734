// The part of the room where one bids: price, clock, own standing, buttons.

import { inFlight, onAnswer, place } from "../core/bids.js";
import { announce, flash, h, setText, show } from "../core/dom.js";
import { count, language, money, problemText, t, when } from "../core/i18n.js";
import { connection } from "../core/live.js";
import { isLargeJump, isOpen, isOver, offers, stepOf } from "../core/lot.js";
import { formatDigits, parseMoney } from "../core/money.js";
import { holds, session } from "../core/session.js";
import { accountIn, wallet } from "../core/wallet.js";
import { confirmed, field } from "./controls.js";
import { countdown } from "./countdown.js";
import { icon } from "./icons.js";
import { outcome } from "./outcome.js";

/**
 * @param {import("../core/store.js").Store<any>} lot
 * @param {import("../core/store.js").Store<number | null>} watching how many watch
 * @param {AbortSignal} signal
 */
export function bidPanel(lot, watching, signal) {
  const parts = [
    head(lot, watching, signal),
    figures(lot, signal),
    standing(lot, signal),
    bidding(lot, signal),
    outcome(lot, signal),
  ];
  return h("section", { class: "panel card", "aria-label": t("room.panel") }, ...parts);
}

function head(lot, watching, signal) {
  const state = h("span", { class: "chip" });
  const eyes = h("span", { class: "watching figures" });
  lot.watch((now) => {
    state.className = `chip state-${now.state}`;
    setText(state, t(`state.${now.state}`));
  }, signal);
  watching.watch((number) => {
    show(eyes, number !== null);
    eyes.replaceChildren(icon("eye"), t("room.watching", { count: number ?? 0 }));
  }, signal);
  return h("div", { class: "panel-head" }, state, eyes);
}

function figures(lot, signal) {
  const label = h("p", { class: "lot-label" });
  const price = h("p", { class: "price figures" });
  const facts = h("p", { class: "price-facts" });
  const clock = countdown(lot.value);
  const ends = h("p", { class: "price-facts" });
  let before = lot.value;
  lot.watch((now) => {
    const over = isOver(now);
    setText(label, t(over && now.price !== null ? "lot.hammer" : now.price === null ? "lot.opening" : "lot.current"));
    setText(price, money(now.price ?? now.opening_bid, now.currency));
    setText(
      facts,
      [
        t("lot.bids", { bids: now.bids }),
        t("lot.bidders", { bidders: now.bidders ?? 0 }),
        now.reserve && now.reserve !== "none" ? t(`reserve.${now.reserve}`) : "",
      ]
        .filter(Boolean)
        .join(" · "),
    );
    clock.lot = now;
    setText(ends, endText(now));
    if (now.price !== before.price) flash(price);
    if (now.ends_at !== before.ends_at && before.state === "live" && now.state === "live")
      flash(clock.parentElement, "extended");
    before = now;
  }, signal);
  return h(
    "div",
    { class: "panel-figures" },
    h("div", null, label, price, facts),
    h("div", { class: "panel-clock" }, h("p", { class: "lot-label", text: t("lot.left") }), clock, ends),
  );
}

function endText(lot) {
  if (isOver(lot)) return lot.outcome?.at ? when(lot.outcome.at) : "";
  if (lot.state === "scheduled") return lot.starts_at ? t("time.startsAt", { at: when(lot.starts_at) }) : "";
  return lot.state === "live" && lot.ends_at ? t("time.endsAt", { at: when(lot.ends_at) }) : "";
}

/** Whether I lead, my maximum and what is held for it. */
function standing(lot, signal) {
  const text = h("p", { class: "standing-text" });
  const more = h("p", { class: "standing-more figures" });
  const element = h("div", { class: "standing", hidden: true }, text, more);
  lot.watch((now) => {
    const { mine, currency } = now;
    const seller = session.value.user && now.seller === session.value.user.id;
    show(element, Boolean(mine || seller) && !isOver(now));
    if (seller) {
      element.dataset.tone = "plain";
      setText(text, t("room.yours"));
      setText(more, now.reserve_amount ? t("room.reserveIs", { amount: money(now.reserve_amount, currency) }) : "");
    } else if (mine) {
      element.dataset.tone = mine.leading ? "good" : "bad";
      setText(text, t(mine.leading ? "room.youLead" : "room.youAreOutbid"));
      const facts = [
        mine.max ? t("room.myMax", { amount: money(mine.max, currency) }) : "",
        mine.hold ? t("room.myHold", { amount: money(mine.hold, currency) }) : "",
        mine.paddle ? t("room.myPaddle", { paddle: mine.paddle }) : "",
      ];
      setText(more, facts.filter(Boolean).join(" · "));
    }
  }, signal);
  return element;
}

/** The buttons, the maximum, and what became of the last bid. */
function bidding(lot, signal) {
  const bid = bidder(lot);
  const quick = steps(lot, bid, signal);
  const own = maximum(lot, bid, signal);
  const funds = h("p", { class: "funds" });
  const said = h("p", { class: "said", role: "status" });
  const invite = h(
    "div",
    { class: "invite" },
    h("p", { text: t("room.signInToBid") }),
    h(
      "div",
      { class: "form-actions" },
      h("a", { class: "button primary", href: `/sign-in?next=${encodeURIComponent(location.pathname)}`, text: t("signIn") }),
      h("a", { class: "button quiet", href: `/sign-up?next=${encodeURIComponent(location.pathname)}`, text: t("signUp") }),
    ),
  );
  const form = h("div", { class: "bidding" }, quick, own, funds);
  const element = h("div", { class: "bidding-place" }, form, invite, said);
  const draw = () => {
    const now = lot.value;
    const { user } = session.value;
    const seller = user && now.seller === user.id;
    // Who runs auctions sees every maximum, so the server takes no bids of theirs.
    show(form, Boolean(user) && isOpen(now) && !seller && !holds("clerk"));
    show(invite, !user && !isOver(now));
    const account = accountIn(now.currency);
    funds.replaceChildren(
      t("room.available", { amount: money(account.available, now.currency) }),
      " ",
      h("a", { href: "/wallet", text: t("room.addMoney") }),
    );
    show(funds, wallet.value !== null);
  };
  lot.watch(draw, signal);
  wallet.watch(draw, signal);
  session.watch(draw, signal);
  sayProgress(lot, said, signal);
  return element;
}

/** Places a bid on this lot, after asking where the amount is far above what is needed. */
function bidder(lot) {
  return async (amount) => {
    const { id, currency, next_bid } = lot.value;
    const large = isLargeJump(lot.value, amount);
    if (large) {
      const values = { amount: money(amount, currency), next: money(next_bid, currency) };
      const sure = await confirmed({
        title: t("room.largeJump", values),
        text: t("room.largeJumpText", values),
        confirm: t("room.bid", values),
      });
      if (!sure) return;
    }
    place(id, { amount, currency }, large);
  };
}

function steps(lot, bid, signal) {
  const element = h("div", { class: "steps", role: "group", "aria-label": t("room.steps") });
  const buttons = offers(lot.value).map((_, n) =>
    h("button", {
      type: "button",
      class: `button step ${n === 0 ? "primary" : ""}`,
      on: { click: () => bid(Number(buttons[n].value)) },
    }),
  );
  element.append(...buttons);
  const draw = () => {
    const now = lot.value;
    const waiting = inFlight.value.some(({ auction }) => auction === now.id);
    offers(now, buttons.length).forEach((amount, n) => {
      const text = money(amount, now.currency);
      buttons[n].value = String(amount);
      // One that leads bids against nobody by a step: the maximum is what can still be raised.
      buttons[n].disabled = now.state !== "live" || waiting || Boolean(now.mine?.leading);
      if (n === 0) setText(buttons[n], t("room.bid", { amount: text }));
      else setText(buttons[n], text);
      buttons[n].setAttribute("aria-label", t("room.bid", { amount: text }));
    });
  };
  lot.watch(draw, signal);
  inFlight.watch(draw, signal);
  return element;
}

function maximum(lot, bid, signal) {
  const { currency, rules } = lot.value;
  const plain = rules?.bidding === "plain";
  const amount = field(
    t(plain ? "room.amount" : "room.max"),
    { name: "max", inputmode: "decimal", autocomplete: "off", maxlength: 24 },
    { hint: t(plain ? "room.amountHint" : "room.maxHint"), suffix: currency },
  );
  const button = h("button", { class: "button", type: "submit", text: t(plain ? "room.bidAmount" : "room.setMax") });
  const form = h("form", { class: "maximum", novalidate: true }, amount, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const value = parseMoney(amount.control.value, currency);
    const least = lot.value.mine?.leading ? (lot.value.mine.max ?? 0) + 1 : lot.value.next_bid;
    if (value === null) amount.fail(t("form.amountMalformed"));
    else if (value < least)
      amount.fail(
        lot.value.mine?.leading
          ? t("problem.auction.maximum_not_raised")
          : t("room.atLeast", { amount: money(least, currency) }),
      );
    else {
      await bid(value);
      amount.control.value = "";
      return;
    }
    amount.control.focus();
  });
  lot.watch((now) => {
    button.disabled = now.state !== "live" || (now.mine?.leading && now.rules?.leader_may_rebid === false);
    amount.control.disabled = button.disabled;
    amount.control.placeholder = formatDigits((now.next_bid ?? 0) + 2 * stepOf(now), currency, language());
  }, signal);
  return form;
}

/** Says what happens to a bid: sent, asked again, decided. */
function sayProgress(lot, said, signal) {
  const { id, currency } = lot.value;
  const say = (text, tone, link) => {
    said.dataset.tone = tone;
    said.replaceChildren(text, ...(link ? [" ", link] : []));
  };
  const progress = () => {
    const bid = inFlight.value.find(({ auction }) => auction === id);
    if (!bid) return;
    const values = { amount: money(bid.max.amount, currency) };
    if (connection.value !== "live") say(t("bid.waiting", values), "wait");
    else say(t(bid.tries > 0 ? "bid.again" : "bid.sent", values), "wait");
  };
  inFlight.watch(progress, signal);
  connection.watch(progress, signal);
  onAnswer(({ bid, decision, error }) => {
    if (bid.auction !== id) return;
    const refusal = error ?? (decision.result === "refused" ? decision : null);
    if (!refusal) {
      const values = {
        price: money(decision.price, currency),
        next: money(decision.next_bid, currency),
        max: money(bid.max.amount, currency),
        seq: count(decision.seq ?? 0),
      };
      say(t(decision.leading ? "bid.leading" : "bid.outbid", values), decision.leading ? "good" : "bad");
      return;
    }
    const { detail } = refusal;
    const next = detail?.next_bid ? ` ${t("room.atLeast", { amount: money(detail.next_bid, currency) })}` : "";
    const remedy = refusal.code === "money.no_funds" ? h("a", { href: "/wallet", text: t("room.addMoney") }) : null;
    say(`${problemText(refusal)}${next}`, "bad", remedy);
    announce(said.textContent, "assertive");
  }, signal);
}
