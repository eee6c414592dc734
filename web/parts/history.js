// The bids of a lot, newest first, with paddles instead of names.

import { api, query } from "../core/api.js";
import { h, setText } from "../core/dom.js";
import { money, t, when } from "../core/i18n.js";

const SHOWN = 30;

/**
 * @param {import("../core/store.js").Store<any>} lot
 * @param {AbortSignal} signal
 * @returns {{element: HTMLElement, add: (event: any) => void, renew: () => void}}
 */
export function bidHistory(lot, signal) {
  const list = h("ol", { class: "history", reversed: true });
  const none = h("p", { class: "hint", text: t("history.none") });
  const number = h("span", { class: "figures count" });
  const element = h(
    "section",
    { class: "history-box", "aria-labelledby": "history" },
    h("h2", { id: "history" }, t("history.title"), " ", number),
    list,
    none,
  );

  const row = ({ paddle, leader, price, at }) => {
    const who = paddle ?? leader;
    const own = lot.value.mine?.paddle === who && who !== null && who !== undefined;
    return h(
      "li",
      { class: own ? "own" : "", data: { paddle: String(who ?? "") } },
      h("span", { class: "paddle", text: own ? t("history.you") : t("history.paddle", { paddle: who ?? "–" }) }),
      h("span", { class: "figures", text: money(price, lot.value.currency) }),
      h("time", { class: "figures", datetime: at, text: at ? when(at, "second") : "" }),
    );
  };
  const tidy = () => {
    while (list.children.length > SHOWN) list.lastElementChild.remove();
    none.hidden = list.children.length > 0;
  };
  const renew = async () => {
    try {
      const { items } = await api("GET", `/auctions/${lot.value.id}/bids${query({ limit: SHOWN })}`, { signal });
      const shown = items.filter((bid) => bid.price !== null && bid.price !== undefined);
      list.replaceChildren(...shown.map(row));
      tidy();
    } catch {
      // The room works without its past; new bids are still added as they come.
    }
  };
  const add = (event) => {
    const item = row(event);
    item.classList.add("fresh");
    list.prepend(item);
    tidy();
  };
  let paddle = lot.value.mine?.paddle;
  lot.watch((next) => {
    setText(number, next.bids ? String(next.bids) : "");
    if (next.mine?.paddle === paddle) return;
    paddle = next.mine?.paddle;
    renew();
  }, signal);
  renew();
  return { element, add, renew };
}
