// Notices in words, for the toast and for the list.

import { h } from "../core/dom.js";
import { has, money, t, when } from "../core/i18n.js";
import { toast } from "./controls.js";

const BAD = new Set([
  "auction.outbid",
  "auction.lost",
  "auction.defaulted",
  "auction.cancelled",
  "alarm.missed",
  "alarm.too_late",
  "alarm.plan_unknown",
  "campaign.rejected",
  "label.excluded",
  "raffle.cancelled",
]);
const GOOD = new Set(["auction.won", "auction.sold", "auction.paid", "raffle.won", "campaign.approved", "campaign.completed"]);

/** The sentence of a notice; unknown types show the server's own text. */
export function noticeText(notice) {
  const key = `notice.${notice.type}`;
  if (!has(key)) return notice.text ?? notice.message ?? notice.subject ?? notice.type;
  const amount = notice.next_bid ?? notice.price ?? notice.hammer ?? notice.total ?? notice.amount;
  const plain = typeof amount === "object" && amount !== null ? amount : { amount, currency: notice.currency ?? "KRW" };
  const title = notice.title || (notice.auction ? t("lot.number", { id: notice.auction }) : "");
  return t(key, { ...notice, title, amount: Number.isFinite(plain.amount) ? money(plain.amount, plain.currency) : "" });
}

const tone = ({ type }) => (BAD.has(type) ? "bad" : GOOD.has(type) ? "good" : "plain");

/** Shows a notice at the edge as it comes. */
export function showNotice(notice) {
  toast({
    text: t(has(`noticeTitle.${notice.type}`) ? `noticeTitle.${notice.type}` : "noticeTitle.other"),
    detail: noticeText(notice),
    tone: tone(notice),
    href: target(notice),
  });
}

/** Where a notice leads. */
function target({ type = "", auction, campaign, raffle }) {
  if (auction) return `/auctions/${auction}`;
  if (raffle) return `/raffles/${raffle}`;
  if (type.startsWith("campaign.") && campaign) return `/campaigns/${campaign}`;
  if (type === "alarm.ringing" || type === "alarm.wake_check") return "/alarms/ring";
  return type.startsWith("alarm.") ? "/alarms" : undefined;
}

/** A notice in a list. */
export function noticeItem(notice) {
  const href = target(notice);
  return h(
    "li",
    { class: `notice ${tone(notice)}` },
    h(
      href ? "a" : "div",
      { href, class: "notice-body" },
      h("span", { text: noticeText(notice) }),
      notice.at && h("time", { datetime: notice.at, text: when(notice.at) }),
    ),
  );
}
