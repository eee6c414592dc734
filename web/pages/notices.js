// What the house told the person.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { onNotice, shape, unseen } from "../core/notices.js";
import { empty } from "../parts/controls.js";
import { noticeItem } from "../parts/notice.js";
import { pager } from "../parts/pager.js";
import { signInFirst } from "./sign-in-first.js";

export function notices({ signal, title }) {
  title(t("nav.noticeList"));
  const gate = signInFirst();
  if (gate) return gate;
  const { element, renew } = pager({
    list: h("ul", { class: "notices" }),
    fetch: async (after) => {
      const page = await api("GET", `/me/notices${query({ after, limit: 30 })}`, { signal });
      markRead(page.items);
      return page;
    },
    row: (notice) => noticeItem(shape(notice)),
    none: () => empty(t("notices.none"), t("notices.noneHint")),
    signal,
  });
  onNotice(renew, signal);
  return h("section", { class: "medium" }, h("h1", { text: t("nav.noticeList") }), element);
}

/** What is on the page now has been told. */
function markRead(items) {
  unseen.set(0);
  const through = Math.max(0, ...items.map((notice) => notice.number ?? 0));
  if (through === 0) return;
  // Where it fails, the bell shows the number again next time.
  api("POST", "/me/notices/read", { body: { through }, key: crypto.randomUUID() }).catch(() => {});
}
