// A conversation by its link: to be read, live while an answer is written.

import { api } from "../core/api.js";
import { apply, current, renewed } from "../core/chat.js";
import { h, keyed, setText } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { Store } from "../core/store.js";
import { answerBody } from "../parts/answer.js";
import { sourcesPanel } from "../parts/chat-room.js";
import { fill } from "../parts/controls.js";

/** How often a quiet conversation is looked at again, in milliseconds. */
const LOOK = 10_000;

export function sharedChatPage({ params, signal, title }) {
  const path = `/shared-chats/${encodeURIComponent(params.token)}`;
  const place = h("div", { class: "medium" });
  title(t("chat.shared"));
  fill(
    place,
    () => api("GET", path, { signal, anonymous: true }),
    (view) => draw(view, path, { signal, title }),
    signal,
  );
  return place;
}

function draw(view, path, { signal, title }) {
  const chat = new Store({ ...view, offset: 0 });
  const aside = sourcesPanel(null, path);
  const log = h("ol", { class: "chat-log" });
  chat.watch((now) => {
    keyed(
      log,
      now.messages,
      ({ message }) => String(message),
      (turn) => row(turn, aside.open),
      (element, turn) => element.renew(turn),
    );
  }, signal);
  title(view.title);
  read(chat, path, signal);
  return [
    h("header", { class: "page-head" }, h("h1", { text: view.title }), h("p", { class: "aside", text: t("chat.sharedHint") })),
    h("div", { class: "chat-room" }, h("div", { class: "chat-main" }, log), aside.element),
  ];
}

function row(turn, open) {
  const body = h("div", { class: "chat-answer" });
  const state = h("p", { class: "chat-state" });
  const element = h(
    "li",
    { class: "chat-turn" },
    h("div", { class: "chat-question" }, h("p", { text: turn.question })),
    h("div", { class: "chat-reply" }, body, state),
  );
  const renew = ({ answer, message }) => {
    body.replaceChildren(...answerBody(answer, (number) => open(message, answer.sources, number)));
    setText(state, answer.stage === "done" ? "" : t(`chat.stage.${answer.stage}`));
  };
  renew(turn);
  return Object.assign(element, { renew });
}

/** Reads along by server-sent events while something is written, and looks again now and then. */
async function read(chat, path, signal) {
  const turn = current(chat.value);
  if (turn) {
    const events = new EventSource(`/api/v1${path}/stream?message=${turn.message}&after=${turn.answer.length}`);
    signal.addEventListener("abort", () => events.close(), { once: true });
    const take = (type) => (event) => chat.set(apply(chat.value, { type, ...JSON.parse(event.data) }, undefined));
    events.addEventListener("delta", take("tokens"));
    events.addEventListener("sources", take("found"));
    await new Promise((over) => {
      for (const name of ["done", "error"]) events.addEventListener(name, over);
    });
    events.close();
  } else {
    await new Promise((over) => setTimeout(over, LOOK));
  }
  if (signal.aborted) return;
  try {
    chat.set(renewed(chat.value, { ...(await api("GET", path, { signal, anonymous: true })), offset: 0 }));
  } catch (problem) {
    if (problem.code === "chat.link_invalid") return;
  }
  if (!signal.aborted) setTimeout(() => read(chat, path, signal), 500);
}
