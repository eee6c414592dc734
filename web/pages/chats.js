// Conversations: the list with its search, and the one that is open.

import { api, query } from "../core/api.js";
import { h } from "../core/dom.js";
import { language, t, when } from "../core/i18n.js";
import { navigate } from "../core/router.js";
import { session } from "../core/session.js";
import { chatRoom } from "../parts/chat-room.js";
import { busy, empty, fill, toastProblem } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { pager } from "../parts/pager.js";
import { notFound } from "./not-found.js";
import { signInFirst } from "./sign-in-first.js";

/** How long after the last key the search begins, in milliseconds. */
const TYPING = 250;
/** How long the rows of the list may be behind what its conversation tells, in milliseconds. */
const ROWS_FOLLOW = 500;

export function chatsPage({ params, signal, title }) {
  title(t("nav.chats"));
  if (!session.value.user) return signInFirst();
  const id = params.id === undefined ? null : Number(params.id);
  if (id !== null && !Number.isSafeInteger(id)) return notFound({ title });
  const list = chatList(id, signal);
  const place = h("div", { class: "chat-place" });
  if (id === null) place.replaceChildren(welcome(signal));
  else {
    fill(
      place,
      () => api("GET", `/chats/${id}`, { signal }),
      (view) => chatRoom(view, { signal, changed: list.renewSoon }),
      signal,
    );
  }
  return h("div", { class: `chats${id === null ? " chats-home" : ""}` }, list.element, place);
}

function chatList(open, signal) {
  const search = h("input", { type: "search", name: "q", "aria-label": t("chat.search"), placeholder: t("chat.search"), maxlength: 100 });
  const list = pager({
    fetch: (after) => api("GET", `/chats${query({ q: search.value.trim(), after, limit: 30 })}`, { signal }),
    row: ({ id, title, state, changed_at }) =>
      h(
        "li",
        null,
        h(
          "a",
          { href: `/chats/${id}`, "aria-current": id === open ? "page" : null },
          h("span", { class: "chat-title", text: title || t("chat.new") }),
          h("small", { class: "aside", text: state === "done" || state === "empty" ? when(changed_at) : t(`chat.stage.${state}`) }),
        ),
      ),
    none: () => empty(search.value ? t("chat.nothingFound") : t("chat.none")),
    signal,
    list: h("ul", { class: "chat-list" }),
  });
  let soon = null;
  search.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(list.renew, TYPING);
  });
  const element = h(
    "nav",
    { class: "chat-side", "aria-label": t("chat.history") },
    h("a", { class: "button primary", href: "/chats", text: t("chat.begin") }),
    h("div", { class: "search" }, icon("search"), search),
    list.element,
  );
  const renewSoon = () => setTimeout(() => signal.aborted || list.renew(), ROWS_FOLLOW);
  return { element, renewSoon };
}

/** Whom to talk to, and the first question. */
function welcome(signal) {
  const place = h("section", { class: "chat-welcome" }, h("h1", { text: t("nav.chats") }), h("p", { class: "aside", text: t("chat.how") }));
  const cards = h("div", { class: "chat-assistants" });
  place.append(cards);
  const said = (row, name) => row[`${name}_${language() === "ko" ? "ko" : "en"}`];
  fill(
    cards,
    () => api("GET", "/assistants", { signal }),
    ({ items }) =>
      items.map((row) => {
        const begin = h("button", { type: "button", class: "button", value: row.name, text: t("chat.talk") });
        begin.addEventListener("click", () =>
          busy(begin, async () => {
            try {
              const { id } = await api("POST", "/chats", { body: { assistant: row.name }, key: crypto.randomUUID() });
              navigate(`/chats/${id}`);
            } catch (problem) {
              toastProblem(problem);
            }
          }),
        );
        return h("article", { class: "card" }, h("h2", { text: said(row, "title") }), h("p", { text: said(row, "greeting") }), begin);
      }),
    signal,
  );
  return place;
}
