// Opening a raffle: for admins. Codes go to the server once and are never shown again but to their winner.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { navigate } from "../core/router.js";
import { holds } from "../core/session.js";
import { field, form, toast } from "../parts/controls.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const MOST_PRIZES = 100;
const HOUR_MS = 3_600_000;

/** A moment as a field for local times wants it. */
function local(ms) {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}

export function newRaffle({ title }) {
  title(t("raffles.new"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  const name = field(t("newRaffle.title"), { name: "title", required: true, maxlength: 200 });
  const about = field(t("newRaffle.description"), { type: "textarea", name: "description", maxlength: 2000, rows: 3 });
  const closes = field(
    t("newRaffle.closes"),
    { type: "datetime-local", name: "closes", required: true, step: 1, value: local(Date.now() + 24 * HOUR_MS) },
    { hint: t("newRaffle.closesHint") },
  );
  const pause = field(
    t("newRaffle.pause"),
    { type: "number", name: "pause", required: true, min: 1, max: 86_400, value: 60 },
    { hint: t("newRaffle.pauseHint") },
  );
  const cost = field(t("newRaffle.cost"), { type: "number", name: "cost", required: true, min: 1, max: 1000, value: 8 });
  const most = field(
    t("newRaffle.most"),
    { type: "number", name: "most", min: 1, max: 20_000 },
    { hint: t("newRaffle.mostHint") },
  );
  const one = h("input", { type: "checkbox", id: "one-per-person", checked: true });
  const prizes = prizeFields();
  // The same id until it is answered, so that a second press after a lost answer opens no second raffle.
  const key = crypto.randomUUID();
  const submit = async () => {
    const closesAt = new Date(closes.control.value).getTime();
    const body = {
      title: name.control.value,
      description: about.control.value,
      prizes: prizes.read(),
      closes_at: new Date(closesAt).toISOString(),
      draw_at: new Date(closesAt + Number(pause.control.value) * 1000).toISOString(),
      entry_stamps: Number(cost.control.value),
      one_per_person: one.checked,
      max_per_person: most.control.value ? Number(most.control.value) : null,
    };
    const { id } = await api("POST", "/raffles", { body, key });
    toast({ text: t("newRaffle.opened"), tone: "good" });
    navigate(`/raffles/${id}`);
  };
  const made = form({
    label: t("newRaffle.open"),
    children: [
      h("fieldset", { class: "card" }, h("legend", { text: t("newRaffle.what") }), name, about),
      prizes.element,
      h(
        "fieldset",
        { class: "card" },
        h("legend", { text: t("newRaffle.rules") }),
        h("div", { class: "fields" }, closes, pause, cost, most),
        h("label", { class: "check", for: "one-per-person" }, one, t("newRaffle.onePerPerson")),
      ),
    ],
    submit,
  });
  return h("section", { class: "medium" }, h("h1", { text: t("raffles.new") }), made);
}

/** The prizes: one row at least, more by the button. */
function prizeFields() {
  const rows = h("div", { class: "prize-rows" });
  const add = h("button", { type: "button", class: "button quiet", text: t("newRaffle.addPrize"), on: { click: () => put() } });
  const put = () => {
    if (rows.children.length >= MOST_PRIZES) return;
    const titled = field(t("newRaffle.prize"), { name: "prize", required: true, maxlength: 200 });
    const code = field(t("newRaffle.code"), { name: "code", required: true, maxlength: 500, autocomplete: "off" });
    const expires = field(t("newRaffle.expires"), { type: "date", name: "expires" });
    const row = h("div", { class: "fields prize-row" }, titled, code, expires);
    row.read = () => ({
      title: titled.control.value,
      code: code.control.value,
      expires_on: expires.control.value || null,
    });
    if (rows.children.length > 0) {
      const remove = () => row.remove();
      row.append(
        h("button", { type: "button", class: "button small quiet", text: t("newRaffle.removePrize"), on: { click: remove } }),
      );
    }
    rows.append(row);
  };
  put();
  const element = h(
    "fieldset",
    { class: "card" },
    h("legend", { text: t("raffle.prizes") }),
    h("p", { class: "hint", text: t("newRaffle.codeHint") }),
    rows,
    add,
  );
  return { element, read: () => [...rows.children].map((row) => row.read()) };
}
