// One conversation, live: questions, answers as they are written, the sources beside them.

import { api } from "../core/api.js";
import { apply, canGoOn, current, isOver, needsView, renewed, verdict } from "../core/chat.js";
import { announce, h, keyed, setText, show } from "../core/dom.js";
import { problemText, t, when } from "../core/i18n.js";
import { watchChannel } from "../core/live.js";
import { navigate } from "../core/router.js";
import { Store } from "../core/store.js";
import { answerBody } from "./answer.js";
import { busy, confirmed, toast, toastProblem } from "./controls.js";
import { icon } from "./icons.js";

/** As the server's rule. */
const MAX_QUESTION = 4000;

/**
 * @param {any} view the conversation as the server gave it
 * @param {{signal: AbortSignal, changed: () => void}} context `changed`: the list of conversations should look again
 */
export function chatRoom(view, { signal, changed }) {
  const { id } = view;
  /** @type {Store<any>} */
  const chat = new Store(view);
  const aside = sourcesPanel(id);
  const renew = follow(chat, { signal, changed });
  const title = h("h1");
  const log = h("ol", { class: "chat-log" });
  const earlier = h("button", { class: "button quiet more", type: "button", text: t("chat.earlier"), on: { click: () => busy(earlier, loadEarlier) } });
  const loadEarlier = async () => {
    const first = chat.value.messages[0]?.message ?? 1;
    const page = await api("GET", `/chats/${id}/messages?before=${first}`, { signal });
    chat.patch({ messages: [...page.messages, ...chat.value.messages] });
  };
  const bottom = h("div", { class: "chat-end" });
  const act = actions(id, chat, renew);
  let near = true;
  addEventListener("scroll", () => (near = bottom.getBoundingClientRect().top < innerHeight + 120), { signal, passive: true });
  chat.watch((now) => {
    setText(title, now.title || t("chat.new"));
    show(earlier, (now.messages[0]?.message ?? 1) > 1);
    keyed(
      log,
      now.messages,
      ({ message }) => String(message),
      (turn) => turnRow(turn, act, aside.open),
      (row, turn) => row.renew(turn),
    );
    if (near && current(now)) bottom.scrollIntoView({ block: "end" });
    if (now.deleted) {
      toast({ text: t("chat.deleted") });
      navigate("/chats", { replace: true });
    }
  }, signal);
  return h(
    "div",
    { class: "chat-room" },
    h(
      "div",
      { class: "chat-main" },
      h("header", { class: "page-head" }, title, menu(id, chat, renew)),
      earlier,
      log,
      bottom,
      composer(id, chat, signal),
    ),
    aside.element,
  );
}

/** Keeps the conversation in step with its channel. */
function follow(chat, { signal, changed }) {
  const { id } = chat.value;
  const renew = async () => {
    try {
      chat.set(renewed(chat.value, await api("GET", `/chats/${id}`, { signal })));
    } catch (problem) {
      if (problem.code === "chat.unknown") chat.patch({ deleted: true });
      // Otherwise the channel goes on telling; the next reason to ask comes with it.
    }
  };
  watchChannel(
    `chat:${id}`,
    {
      subscribed: (view, { lost }) => {
        if (lost || !view || view.offset > chat.value.offset) renew();
      },
      publication: (event, offset) => {
        const ask = needsView(chat.value, event);
        chat.set(apply(chat.value, event, offset));
        if (ask) renew();
        if (event.type === "asked" || event.type === "finished" || event.type === "renamed") changed();
        if (event.type === "finished") announce(t(`chat.said.${event.stage}`));
      },
    },
    signal,
  );
  return renew;
}

function actions(id, chat, renew) {
  return {
    goOn: async (message) => {
      try {
        await api("POST", `/chats/${id}/messages/${message}/continue`, { body: {}, key: crypto.randomUUID() });
      } catch (problem) {
        toastProblem(problem);
        renew();
      }
    },
    rate: async (message, verdict) => {
      try {
        await api("PUT", `/chats/${id}/messages/${message}/rating`, { body: { verdict }, key: crypto.randomUUID() });
      } catch (problem) {
        toastProblem(problem);
      }
    },
  };
}

/** A question and its answer. Drawn anew only where it changed. */
function turnRow(turn, act, openSource) {
  const state = h("p", { class: "chat-state", role: "status" });
  const body = h("div", { class: "chat-answer" });
  const foot = h("div", { class: "chat-foot" });
  const row = h(
    "li",
    { class: "chat-turn" },
    h("div", { class: "chat-question" }, h("p", { text: turn.question })),
    h("div", { class: "chat-reply" }, body, state, foot),
  );
  let drawn = null;
  const renew = (now) => {
    const { answer, message } = now;
    if (answer === drawn) return;
    const before = drawn;
    drawn = answer;
    row.dataset.stage = answer.stage;
    if (!before || before.text !== answer.text || before.marks !== answer.marks || before.sources !== answer.sources) {
      body.replaceChildren(...answerBody(answer, (number) => openSource(message, answer.sources, number)));
    }
    show(state, answer.stage !== "done" || Boolean(answer.reason));
    setText(state, stateText(answer));
    if (isOver(answer) !== Boolean(before && isOver(before)) || before?.rating !== answer.rating || before?.sources !== answer.sources) {
      foot.replaceChildren(...footOf(now, act, openSource));
    }
  };
  renew(turn);
  return Object.assign(row, { renew });
}

function stateText({ stage, stopping, reason }) {
  if (stopping) return t("chat.stage.stopping");
  if (stage === "done" && reason) return t(`chat.reason.${reason}`);
  if (stage === "stopped" && reason === "unwatched") return t("chat.reason.unwatched");
  return t(`chat.stage.${stage}`);
}

function footOf({ answer, message, asked_at: at }, act, openSource) {
  if (!isOver(answer)) return [];
  const stands = verdict(answer.marks);
  const thumb = (name, sign) =>
    h("button", {
      type: "button",
      class: "button quiet small",
      "aria-pressed": String(answer.rating?.verdict === name),
      "aria-label": t(`chat.rate.${name}`),
      text: sign,
      on: { click: () => act.rate(message, answer.rating?.verdict === name ? null : name) },
    });
  return [
    canGoOn(answer) &&
      h("button", { type: "button", class: "button", "data-action": "continue", text: t("chat.goOn"), on: { click: () => act.goOn(message) } }),
    answer.sources.length > 0 &&
      h("button", {
        type: "button",
        class: "button quiet small",
        "data-action": "sources",
        text: t("chat.sources", { count: answer.sources.length }),
        on: { click: () => openSource(message, answer.sources, 1) },
      }),
    stands && h("span", { class: `chip checked-${stands}`, text: t(`chat.stands.${stands}`) }),
    thumb("up", "▲"),
    thumb("down", "▼"),
    h("small", { class: "aside", text: [when(at), answer.model].filter(Boolean).join(" · ") }),
  ].filter(Boolean);
}

/** Where sources open: beside the text, under it on a phone. */
export function sourcesPanel(id, base = `/chats/${id}`) {
  const list = h("ol", { class: "chat-sources" });
  const close = h("button", { type: "button", class: "icon-button", "aria-label": t("action.dismiss") }, icon("close"));
  const element = h(
    "aside",
    { class: "chat-aside", hidden: true, "aria-label": t("chat.sourcesTitle") },
    h("div", { class: "chat-aside-head" }, h("h2", { text: t("chat.sourcesTitle") }), close),
    list,
  );
  let back = null;
  close.addEventListener("click", () => {
    element.hidden = true;
    back?.focus();
  });
  const open = async (message, sources, number) => {
    back = document.activeElement;
    element.hidden = false;
    const draw = (items) =>
      list.replaceChildren(
        ...items.map((source, place) =>
          h(
            "li",
            { class: place + 1 === number ? "chosen" : "", tabindex: "-1" },
            h("strong", { text: source.title }),
            source.heading && h("span", { class: "aside", text: source.heading }),
            source.text && h("blockquote", { text: source.text }),
            source.url && /^https?:/.test(source.url) && h("a", { href: source.url, target: "_blank", rel: "noopener noreferrer nofollow", text: source.url }),
          ),
        ),
      );
    draw(sources);
    list.children[number - 1]?.focus();
    try {
      const { items } = await api("GET", `${base}/messages/${message}/sources`);
      draw(items);
      list.children[number - 1]?.focus();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  return { element, open };
}

/** The question's field; while an answer is written, its button stops it. */
function composer(id, chat, signal) {
  const text = h("textarea", { name: "question", rows: 2, maxlength: MAX_QUESTION, "aria-label": t("chat.ask"), placeholder: t("chat.placeholder") });
  const send = h("button", { type: "submit", class: "button primary", text: t("chat.send") });
  const stop = h("button", { type: "button", class: "button danger", "data-action": "stop", text: t("chat.stop"), hidden: true });
  const problem = h("p", { class: "form-problem", role: "alert", hidden: true });
  const form = h("form", { class: "chat-composer" }, text, problem, h("div", { class: "form-actions" }, send, stop));
  chat.watch((now) => show(stop, Boolean(current(now))), signal);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  // The same question asked again after a lost answer is the same question.
  let key = crypto.randomUUID();
  text.addEventListener("input", () => (key = crypto.randomUUID()));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const question = text.value.trim();
    if (!question || send.disabled) return;
    problem.hidden = true;
    await busy(send, async () => {
      try {
        await api("POST", `/chats/${id}/messages`, { body: { text: question }, key });
        text.value = "";
        key = crypto.randomUUID();
      } catch (error) {
        problem.hidden = false;
        problem.textContent = problemText(error);
      }
    });
    text.focus();
  });
  stop.addEventListener("click", () =>
    busy(stop, async () => {
      try {
        await api("POST", `/chats/${id}/stop`, { body: {}, key: crypto.randomUUID() });
      } catch (error) {
        toastProblem(error);
      }
    }),
  );
  return form;
}

/** Rename, share, delete. */
function menu(id, chat, renew) {
  const button = (name, work) =>
    h("button", { type: "button", class: "button quiet small", "data-action": name, text: t(`chat.${name}`), on: { click: work } });
  const safely = (work) => async () => {
    try {
      await work();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  const rename = safely(async () => {
    const said = await confirmed({ title: t("chat.rename"), confirm: t("chat.rename"), reason: t("chat.title") });
    if (said?.reason) await api("PATCH", `/chats/${id}`, { body: { title: said.reason }, key: crypto.randomUUID() });
  });
  const share = safely(async () => {
    const { token } = await api("POST", `/chats/${id}/link`);
    const link = `${location.origin}/shared/${token}`;
    const taken = await confirmed({
      title: t("chat.share"),
      text: t("chat.shareHint"),
      body: h("p", null, h("a", { href: link, target: "_blank", rel: "noopener", class: "chat-link", text: link })),
      confirm: t("chat.unshare"),
      danger: true,
    });
    if (taken) await api("DELETE", `/chats/${id}/link`);
    renew();
  });
  const remove = safely(async () => {
    const sure = await confirmed({ title: t("chat.delete"), text: t("chat.deleteHint"), confirm: t("chat.delete"), danger: true });
    if (sure) await api("DELETE", `/chats/${id}`);
  });
  return h("div", { class: "chat-menu" }, button("rename", rename), button("share", share), button("delete", remove));
}
