// Offering a lot: the artwork, the money, the times, the rules.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t } from "../core/i18n.js";
import { formatDigits, parseMoney } from "../core/money.js";
import { navigate } from "../core/router.js";
import { holds } from "../core/session.js";
import { field, fill, form, toast } from "../parts/controls.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const PRESETS = ["timed", "live", "seed", "ebay", "whatnot"];
const CURRENCIES = ["KRW", "USD", "EUR", "JPY"];
const TYPING_PAUSE = 250;

export function newLot({ signal, title }) {
  title(t("desk.new"));
  const gate = signInFirst() ?? (holds("seller", "clerk") ? null : notYours());
  if (gate) return gate;
  const work = artworkPart(signal);
  const terms = termsPart();
  const openNow = h("input", { type: "checkbox", id: "open-now" });
  const made = form({
    label: t("newLot.create"),
    children: [work.element, terms.element, h("label", { class: "check", for: "open-now" }, openNow, t("newLot.openNow"))],
    submit: async () => {
      const offer = terms.read();
      if (!offer) return;
      const artwork_id = await work.id();
      if (artwork_id === null) return;
      let view = await api("POST", "/auctions", { body: { artwork_id, ...offer }, key: crypto.randomUUID() });
      if (openNow.checked) view = await api("POST", `/auctions/${view.id}/open`, { body: { command_id: crypto.randomUUID() } });
      toast({ text: t("newLot.created"), tone: "good" });
      navigate(`/auctions/${view.id}`);
    },
  });
  return h("section", { class: "medium" }, h("h1", { text: t("desk.new") }), made);
}

/** Changes a lot that has not opened. */
export function editLot({ params, signal, title }) {
  title(t("newLot.change"));
  const gate = signInFirst() ?? (holds("seller", "clerk") ? null : notYours());
  if (gate) return gate;
  const place = h("div");
  fill(
    place,
    () => api("GET", `/auctions/${Number(params.id)}`, { signal }),
    (lot) => changes(lot, signal),
    signal,
  );
  return h("section", { class: "medium" }, h("h1", { text: t("newLot.change") }), place);
}

function changes(lot, signal) {
  const work = artworkPart(signal, lot.artwork);
  const terms = termsPart(lot);
  return form({
    label: t("newLot.save"),
    children: [work.element, terms.element],
    submit: async () => {
      const offer = terms.read();
      if (!offer) return;
      const artwork_id = await work.id();
      if (artwork_id === null) return;
      await api("PUT", `/auctions/${lot.id}`, { body: { artwork_id, ...offer }, key: crypto.randomUUID() });
      toast({ text: t("newLot.saved"), tone: "good" });
      navigate(`/auctions/${lot.id}`);
    },
  });
}

/** Chooses a work of the catalogue, or describes a new one. */
function artworkPart(signal, known = null) {
  const chosen = h("div", { class: "chosen", role: "status" });
  const found = h("ul", { class: "found" });
  const box = field(t("newLot.search"), { type: "search", name: "artwork-search", maxlength: 80, autocomplete: "off" });
  const titleField = field(t("artwork.title"), { name: "title", maxlength: 300 });
  const artist = field(t("artwork.artist"), { name: "artist", maxlength: 200 });
  const medium = field(t("artwork.medium"), { name: "medium", maxlength: 200 });
  const size = field(t("artwork.size"), { name: "size", maxlength: 100 });
  const year = field(t("artwork.year"), { name: "year", maxlength: 40 });
  const image = field(t("artwork.image"), { type: "url", name: "image", maxlength: 1000, placeholder: "https://" });
  const description = field(t("artwork.description"), { type: "textarea", name: "description", maxlength: 4000, rows: 3 });
  const fresh = h("div", { class: "fields" }, titleField, artist, medium, size, year, image, description);
  const choose = h("div", null, box, found, chosen);
  let way = "new";
  let id = null;
  const pick = (artwork) => {
    id = artwork.id;
    chosen.textContent = t("newLot.chosen", { title: artwork.title, artist: artwork.artist });
    found.replaceChildren();
  };
  const look = async () => {
    const { items } = await api("GET", `/artworks${query({ search: box.control.value.trim(), limit: 8 })}`, { signal }).catch(
      () => ({ items: [] }),
    );
    found.replaceChildren(
      ...items.map((artwork) =>
        h(
          "li",
          null,
          h(
            "button",
            { type: "button", on: { click: () => pick(artwork) } },
            h("strong", { text: artwork.title }),
            h("span", { text: artwork.artist }),
          ),
        ),
      ),
    );
  };
  let typing = null;
  box.control.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(look, TYPING_PAUSE);
  });
  const ways = h(
    "div",
    { class: "segments", role: "group", "aria-label": t("newLot.artwork") },
    ...["new", "choose"].map((name) =>
      h("button", {
        type: "button",
        value: name,
        text: t(`newLot.${name}`),
        on: {
          click: () => {
            way = name;
            draw();
            if (name === "choose" && !found.children.length) look();
          },
        },
      }),
    ),
  );
  const draw = () => {
    fresh.hidden = way !== "new";
    choose.hidden = way !== "choose";
    for (const button of ways.children) button.setAttribute("aria-pressed", String(button.value === way));
  };
  if (known) {
    way = "choose";
    pick(known);
  }
  draw();

  const create = async () => {
    const text = (one) => one.control.value.trim() || undefined;
    if (!text(titleField) || !text(artist)) {
      const missing = text(titleField) ? artist : titleField;
      missing.fail(t("form.missing"));
      missing.control.focus();
      return null;
    }
    const body = {
      title: text(titleField),
      artist: text(artist),
      medium: text(medium),
      size: text(size),
      year: text(year),
      description: text(description),
      image_urls: text(image) ? [text(image)] : [],
    };
    const artwork = await api("POST", "/artworks", { body, key: crypto.randomUUID() });
    // Where the lot itself is refused, the next try must not describe the same work twice.
    way = "choose";
    pick(artwork);
    draw();
    return artwork.id;
  };
  return {
    element: h("fieldset", { class: "card" }, h("legend", { text: t("newLot.artwork") }), ways, fresh, choose),
    id: async () => {
      if (way === "new") return create();
      if (id === null) {
        box.fail(t("newLot.chooseFirst"));
        box.control.focus();
      }
      return id;
    },
  };
}

/** A moment as the browser's field writes it, in this machine's zone. */
function local(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The terms: empty for a new lot, else those of the lot that is changed. */
function termsPart(lot = null) {
  const shown = (amount) => (typeof amount === "number" ? formatDigits(amount, lot.currency, language()) : "");
  const currency = field(t("newLot.currency"), {
    name: "currency",
    options: CURRENCIES.map((code) => [code, code]),
    value: lot?.currency ?? "KRW",
  });
  const opening = field(t("lot.opening"), {
    name: "opening",
    inputmode: "decimal",
    required: true,
    maxlength: 24,
    value: shown(lot?.opening_bid),
  });
  const reserve = field(
    t("newLot.reserve"),
    { name: "reserve", inputmode: "decimal", maxlength: 24, value: shown(lot?.reserve_amount) },
    { hint: t("newLot.reserveHint") },
  );
  const starts = field(
    t("newLot.starts"),
    { type: "datetime-local", name: "starts", value: local(lot?.starts_at) },
    { hint: t("newLot.startsHint") },
  );
  const ends = field(
    t("newLot.ends"),
    { type: "datetime-local", name: "ends", value: local(lot?.ends_at) },
    { hint: t("newLot.endsHint") },
  );
  const preset = field(t("newLot.preset"), {
    name: "preset",
    options: [...(lot ? [["", t("newLot.keepRules")]] : []), ...PRESETS.map((name) => [name, t(`preset.${name}`)])],
    value: lot ? "" : "timed",
  });
  const own = ownRules();
  const element = h(
    "fieldset",
    { class: "card" },
    h("legend", { text: t("newLot.terms") }),
    h("div", { class: "fields" }, currency, opening, reserve, starts, ends, preset),
    own.element,
  );

  const amount = (one, needed) => {
    if (!one.control.value.trim() && !needed) return undefined;
    const value = parseMoney(one.control.value, currency.control.value);
    if (value !== null) return value;
    one.fail(t("form.amountMalformed"));
    one.control.focus();
    return null;
  };
  const moment = (one) => (one.control.value ? new Date(one.control.value).toISOString() : undefined);
  return {
    element,
    read: () => {
      const opening_bid = amount(opening, true);
      const least = amount(reserve, false);
      if (opening_bid === null || least === null) return null;
      if (least !== undefined && least < opening_bid) {
        reserve.fail(t("newLot.reserveTooLow"));
        reserve.control.focus();
        return null;
      }
      if (starts.control.value && ends.control.value && starts.control.value >= ends.control.value) {
        ends.fail(t("newLot.endsFirst"));
        ends.control.focus();
        return null;
      }
      return {
        currency: currency.control.value,
        opening_bid,
        reserve: least,
        starts_at: moment(starts),
        ends_at: moment(ends),
        // What is kept is sent whole: then the preset it is based on does not matter.
        preset: preset.control.value || "timed",
        rules: preset.control.value ? own.read() : { confirm_times: null, ...lot.rules, ...own.read() },
      };
    },
  };
}

/** Single rules that differ from the preset; what is left as it is, is not sent. */
function ownRules() {
  const as = ["", t("newLot.asPreset")];
  const bidding = field(t("rules.bidding"), {
    name: "bidding",
    options: [as, ["proxy", t("rules.bidding.proxy")], ["plain", t("rules.bidding.plain")]],
  });
  const steps = field(t("rules.steps"), {
    name: "steps",
    options: [as, ["won", t("steps.won")], ["ebay", "eBay"], ["whatnot", "Whatnot"], ["none", t("rules.noSteps")]],
  });
  const soft = field(t("rules.softClose"), {
    name: "soft",
    options: [
      as,
      ["none", t("rules.noSoftClose")],
      ["10", t("newLot.seconds", { seconds: 10 })],
      ["60", t("newLot.seconds", { seconds: 60 })],
      ["120", t("newLot.seconds", { seconds: 120 })],
      ["300", t("newLot.seconds", { seconds: 300 })],
    ],
  });
  const openFor = field(
    t("newLot.openFor"),
    { type: "number", name: "open-for", min: 1, step: 1, inputmode: "numeric" },
    { hint: t("newLot.openForHint") },
  );
  const premium = field(t("newLot.premium"), {
    type: "number",
    name: "premium",
    min: 0,
    max: 100,
    step: 0.01,
    inputmode: "decimal",
  });
  const read = () => {
    const rules = {};
    if (bidding.control.value) rules.bidding = bidding.control.value;
    if (steps.control.value) rules.steps = steps.control.value;
    const quiet = soft.control.value;
    if (quiet === "none") rules.soft_close = null;
    else if (quiet) rules.soft_close = { mode: "reset", window_s: Number(quiet), extend_s: Number(quiet), max_extensions: 50 };
    if (openFor.control.value) rules.open_for_s = Number(openFor.control.value) * 60;
    if (premium.control.value) rules.premium = [{ from: 0, rate_bp: Math.round(Number(premium.control.value) * 100) }];
    return Object.keys(rules).length ? rules : undefined;
  };
  return {
    element: h(
      "details",
      { class: "rules" },
      h("summary", { text: t("newLot.ownRules") }),
      h("div", { class: "fields" }, bidding, steps, soft, openFor, premium),
    ),
    read,
  };
}
