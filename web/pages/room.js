// The auction room: one lot, live.

import { api } from "../core/api.js";
import { onAnswer } from "../core/bids.js";
import { announce, h } from "../core/dom.js";
import { money, t } from "../core/i18n.js";
import { connection, viewers, watchChannel } from "../core/live.js";
import { apply, decided, isOver, needsView, renewed } from "../core/lot.js";
import { session } from "../core/session.js";
import { Store } from "../core/store.js";
import { bidPanel } from "../parts/bid-panel.js";
import { clerkPanel } from "../parts/clerk-panel.js";
import { fill } from "../parts/controls.js";
import { bidHistory } from "../parts/history.js";
import { lotDetails, lotPicture } from "../parts/lot-details.js";
import { notFound } from "./not-found.js";

/** How long price changes are gathered before they are read out, in milliseconds. */
const SAY_AFTER = 1200;
const COUNT_VIEWERS_EVERY = 10_000;

export function room({ params, signal, title }) {
  const id = Number(params.id);
  if (!Number.isSafeInteger(id)) return notFound({ title });
  title(t("lot.number", { id }));
  const place = h("div", { class: "room" });
  fill(
    place,
    () => api("GET", `/auctions/${id}`, { signal }),
    (view) => {
      title(view.artwork.title);
      return draw(view, signal);
    },
    signal,
  );
  return place;
}

function draw(view, signal) {
  /** @type {Store<any>} */
  const lot = new Store(view);
  const watching = new Store(view.viewers ?? null);
  const history = bidHistory(lot, signal);
  follow(lot, history, signal);
  countViewers(view.id, watching, signal);
  narrate(lot, signal);
  const { title, artist } = view.artwork;
  return [
    h(
      "div",
      { class: "room-left" },
      lotPicture(view),
      h("div", { class: "room-details wide-only" }, lotDetails(view, signal), history.element),
    ),
    h(
      "div",
      { class: "room-right" },
      h(
        "header",
        { class: "room-head" },
        h("p", { class: "eyebrow", text: t("lot.number", { id: view.id }) }),
        h("h1", { text: title }),
        h("p", { class: "room-artist", text: artist }),
      ),
      bidPanel(lot, watching, signal),
      clerkPanel(lot, signal),
    ),
  ];
}

/** Keeps the lot in step with its channel and with the answers to our own bids. */
function follow(lot, history, signal) {
  const { id } = lot.value;
  const renew = calmly(async () => lot.set(renewed(lot.value, await api("GET", `/auctions/${id}`, { signal }))), signal);
  watchChannel(
    `auction:${id}`,
    {
      subscribed: (view, { lost }) => {
        if (view) lot.set(renewed(lot.value, view));
        if (lost || !view) renew();
        if (lost) history.renew();
      },
      publication: (event, offset) => {
        const before = lot.value;
        lot.set(apply(before, event, offset));
        if (event.type === "bid_placed" && lot.value !== before) history.add(event);
        const lostLead = before.mine?.leading && !lot.value.mine?.leading;
        if (needsView(event) || lostLead || isOver(lot.value)) renew();
      },
      error: renew,
    },
    signal,
  );
  onAnswer(({ bid, decision }) => {
    if (bid.auction !== id) return;
    if (decision && decision.result !== "refused") lot.set(decided(lot.value, decision));
    renew();
  }, signal);
  let owner = session.value.user?.id;
  session.watch(({ user }) => {
    if (user?.id !== owner) renew();
    owner = user?.id;
  }, signal);
}

/** At most one question at a time, and one more after it where it was asked for meanwhile. */
function calmly(work, signal) {
  let running = false;
  let wanted = false;
  return async function ask() {
    if (running) return void (wanted = true);
    running = true;
    try {
      await work();
    } catch {
      // The channel goes on telling; the next reason to ask comes with it.
    }
    running = false;
    if (wanted && !signal.aborted) {
      wanted = false;
      ask();
    }
  };
}

function countViewers(id, watching, signal) {
  const look = async () => {
    if (document.visibilityState !== "visible") return;
    const number = await viewers(`auction:${id}`);
    if (number !== null && !signal.aborted) watching.set(number);
  };
  const timer = setInterval(look, COUNT_VIEWERS_EVERY);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  connection.watch((state) => state === "live" && setTimeout(look, 800), signal);
}

/** Reads out what changed, gathered, so that a hot lot can still be followed by ear. */
function narrate(lot, signal) {
  let told = lot.value;
  let timer = null;
  lot.watch((next) => {
    if (next === told) return;
    if (next.state !== told.state) {
      clearTimeout(timer);
      timer = null;
      told = next;
      return announce(stateSentence(next), "assertive");
    }
    if (next.price === told.price && next.mine?.leading === told.mine?.leading) return;
    timer ??= setTimeout(() => {
      timer = null;
      const price = money(lot.value.price ?? lot.value.opening_bid, lot.value.currency);
      announce(t("room.priceNow", { price, standing: lot.value.mine?.leading ? t("room.youLead") : "" }));
      told = lot.value;
    }, SAY_AFTER);
  }, signal);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

function stateSentence(lot) {
  if (lot.state === "sold" || lot.state === "settled") return t("room.soldFor", { price: money(lot.price ?? 0, lot.currency) });
  return t(`state.${lot.state}`);
}
