// The person's money: balance, what is held for bids, what can be spent, and every entry of the account.

import { api, query } from "../core/api.js";
import { h, keyed, setText } from "../core/dom.js";
import { has, language, money, problemText, t, when } from "../core/i18n.js";
import { exponentOf, formatDigits, parseMoney } from "../core/money.js";
import { Store } from "../core/store.js";
import { accountIn, deposit, renewWallet, wallet, withdraw } from "../core/wallet.js";
import { busy, empty, field, form, loading, toast } from "../parts/controls.js";
import { pager } from "../parts/pager.js";
import { signInFirst } from "./sign-in-first.js";

/** The quick deposits, in whole units. */
const QUICK = { KRW: [1_000_000, 5_000_000, 20_000_000], other: [1000, 5000, 20_000] };

export function walletPage({ signal, title }) {
  title(t("nav.wallet"));
  const gate = signInFirst();
  if (gate) return gate;
  /** The currency of the account that is looked at. */
  const shown = new Store(wallet.value?.accounts[0]?.currency ?? "KRW");
  const tabs = h("div", { class: "segments", role: "group", "aria-label": t("newLot.currency"), hidden: true });
  const account = h("div", { class: "accounts" }, loading());
  const holds = h("div");
  const entries = entryList(signal);
  const draw = () => {
    if (!wallet.value) return;
    const currencies = wallet.value.accounts.map(({ currency }) => currency);
    tabs.hidden = currencies.length < 2;
    keyed(
      tabs,
      currencies,
      (code) => code,
      (code) => tab(code, shown),
      (button, code) => mark(button, code === shown.value),
    );
    account.replaceChildren(accountCard(accountIn(shown.value)));
    holds.replaceChildren(...holdList(wallet.value.holds ?? []));
  };
  wallet.watch(draw, signal);
  shown.watch(draw, signal);
  renewWallet();
  return h(
    "section",
    { class: "medium" },
    h("div", { class: "page-head" }, h("h1", { text: t("nav.wallet") }), tabs),
    account,
    h("div", { class: "two" }, depositForm(shown, entries.renew, signal), withdrawForm(shown, entries.renew, signal)),
    holds,
    h("section", { "aria-labelledby": "entries" }, h("h2", { id: "entries", text: t("wallet.entries") }), entries.element),
  );
}

function tab(code, shown) {
  const button = h("button", { type: "button", text: code, on: { click: () => shown.set(code) } });
  mark(button, code === shown.value);
  return button;
}

function mark(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

function accountCard({ currency, balance, held, available }) {
  const row = (key, amount, name) =>
    h("div", { class: name }, h("dt", { text: t(key) }), h("dd", { class: "figures", text: money(amount, currency) }));
  return h(
    "dl",
    { class: "account card" },
    row("wallet.available", available, "account-main"),
    row("wallet.balance", balance),
    row("wallet.held", held),
  );
}

function amountField(shown, hint, signal) {
  const attributes = { name: "amount", inputmode: "decimal", autocomplete: "off", required: true, maxlength: 24 };
  const made = field(t("wallet.amount"), attributes, { hint, suffix: shown.value });
  shown.watch((currency) => setText(made.querySelector(".suffix"), currency), signal);
  return made;
}

/** Reads the field; shows what is wrong with it and gives null. */
function amountOf(amount, shown) {
  const value = parseMoney(amount.control.value, shown.value);
  if (value !== null) return { amount: value, currency: shown.value };
  amount.fail(t("form.amountMalformed"));
  amount.control.focus();
  return null;
}

function depositForm(shown, after, signal) {
  const amount = amountField(shown, t("wallet.depositHint"), signal);
  const put = async (sum) => {
    await deposit(sum, crypto.randomUUID());
    amount.control.value = "";
    toast({ text: t("wallet.deposited", { amount: money(sum.amount, sum.currency) }), tone: "good" });
    after();
  };
  const quick = h("div", { class: "quick" });
  shown.watch((currency) => quick.replaceChildren(...quickButtons(currency, put, amount)), signal);
  const submit = async () => {
    const sum = amountOf(amount, shown);
    if (sum) await put(sum);
  };
  return h(
    "section",
    { class: "card", "aria-labelledby": "deposit" },
    h("h2", { id: "deposit", text: t("wallet.deposit") }),
    form({ label: t("wallet.deposit"), children: [amount, quick], submit }),
  );
}

function quickButtons(currency, put, amount) {
  return (QUICK[currency] ?? QUICK.other).map((units) => {
    const sum = { amount: units * 10 ** exponentOf(currency), currency };
    const click = ({ currentTarget }) =>
      busy(currentTarget, () => put(sum).catch((problem) => amount.fail(problemText(problem))));
    const text = `+ ${formatDigits(sum.amount, currency, language())}`;
    return h("button", { type: "button", class: "button small quiet figures", text, on: { click } });
  });
}

function withdrawForm(shown, after, signal) {
  const amount = amountField(shown, t("wallet.withdrawHint"), signal);
  const submit = async () => {
    const sum = amountOf(amount, shown);
    if (!sum) return;
    await withdraw(sum, crypto.randomUUID());
    amount.control.value = "";
    toast({ text: t("wallet.withdrawn", { amount: money(sum.amount, sum.currency) }), tone: "good" });
    after();
  };
  return h(
    "section",
    { class: "card", "aria-labelledby": "withdraw" },
    h("h2", { id: "withdraw", text: t("wallet.withdraw") }),
    form({ label: t("wallet.withdraw"), children: [amount], submit }),
  );
}

function holdList(holds) {
  if (holds.length === 0) return [];
  const row = ({ about, amount }) => {
    const id = /^auction:(\d+)$/.exec(about)?.[1];
    return h(
      "li",
      null,
      h("a", { href: id ? `/auctions/${id}` : "/bids", text: t("lot.number", { id: id ?? about }) }),
      h("span", { class: "figures", text: money(amount.amount, amount.currency) }),
    );
  };
  return [
    h(
      "section",
      { class: "card", "aria-labelledby": "holds" },
      h("h2", { id: "holds", text: t("wallet.holds") }),
      h("p", { class: "hint", text: t("wallet.holdsHint") }),
      h("ul", { class: "rows" }, ...holds.map(row)),
    ),
  ];
}

function entryList(signal) {
  const row = ({ purpose, about, at, amount }) => {
    const id = /^auction:(\d+)$/.exec(about ?? "")?.[1];
    const what = id
      ? h("a", { href: `/auctions/${id}`, text: purposeText(purpose) })
      : h("strong", { text: purposeText(purpose) });
    return h(
      "li",
      null,
      h("span", { class: "entry" }, what, h("time", { datetime: at, text: when(at) })),
      h("span", {
        class: `figures ${amount.amount > 0 ? "plus" : "minus"}`,
        text: `${amount.amount > 0 ? "+" : ""}${money(amount.amount, amount.currency)}`,
      }),
    );
  };
  return pager({
    fetch: (after) => api("GET", `/wallet/entries${query({ after, limit: 20 })}`, { signal }),
    row,
    none: () => empty(t("wallet.noEntries")),
    signal,
  });
}

function purposeText(purpose) {
  return has(`purpose.${purpose}`) ? t(`purpose.${purpose}`) : purpose;
}
