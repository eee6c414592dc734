// For admins: the articles that answers are taken from. Try a question, bring files in, look through the list.

import { api, query } from "../core/api.js";
import { h, show } from "../core/dom.js";
import { count, t, when } from "../core/i18n.js";
import { ENDINGS, isRead, sendArticles, tagsOf } from "../core/knowledge.js";
import { holds } from "../core/session.js";
import { empty, field, form, toastProblem } from "../parts/controls.js";
import { dropZone } from "../parts/drop-zone.js";
import { importList } from "../parts/import-list.js";
import { pager } from "../parts/pager.js";
import { passageItem } from "../parts/passage.js";
import { notYours, signInFirst } from "./sign-in-first.js";

const TYPING_PAUSE = 250;

export function knowledgePage({ signal, title }) {
  title(t("nav.knowledge"));
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  const facts = h("dl", { class: "facts card" });
  const articles = articleList(signal);
  const renew = () => {
    drawFacts(facts, signal);
    articles.renew();
  };
  drawFacts(facts, signal);
  return h(
    "section",
    { class: "medium knowledge" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { text: t("nav.knowledge") }),
      h("a", { class: "button primary", href: "/admin/knowledge/new", text: t("knowledge.new") }),
    ),
    facts,
    tryOut(signal),
    bringIn(signal, renew),
    articles.element,
  );
}

async function drawFacts(facts, signal) {
  try {
    const state = await api("GET", "/knowledge", { signal });
    const fact = (key, text) => h("div", null, h("dt", { text: t(key) }), h("dd", { class: "figures", text }));
    facts.replaceChildren(
      fact("knowledge.articles", count(state.articles)),
      fact("knowledge.chunks", count(state.chunks)),
      fact("knowledge.model", state.model === "lexical" ? t("knowledge.lexical") : state.model),
      fact("knowledge.ready", t(state.ready ? "knowledge.isReady" : "knowledge.isLoading")),
    );
  } catch (problem) {
    if (!signal.aborted) toastProblem(problem);
  }
}

/** A question, and the passages that an answer would be given from. */
function tryOut(signal) {
  const found = h("ol", { class: "passages" });
  const note = h("p", { class: "hint", role: "status" });
  const question = field(t("knowledge.question"), { name: "query", required: true, maxlength: 2000, autocomplete: "off" });
  const source = field(t("knowledge.source"), { name: "source", maxlength: 60, autocomplete: "off" });
  const tags = field(t("knowledge.tags"), { name: "tags", maxlength: 200, autocomplete: "off" });
  const submit = async () => {
    const filter = { sources: tagsOf(source.control.value), tags: tagsOf(tags.control.value) };
    const body = { query: question.control.value, filter, limit: 8 };
    const { items, took_ms } = await api("POST", "/knowledge/search", { body, signal });
    const best = items[0]?.scores.fused ?? 0;
    found.replaceChildren(...items.map((passage, at) => passageItem(passage, at + 1, best)));
    note.textContent = items.length
      ? t("knowledge.found", { count: items.length, ms: took_ms.toFixed(1) })
      : t("knowledge.nothingFound");
  };
  const made = form({
    label: t("knowledge.search"),
    class: "form try-out",
    children: [
      question,
      h("details", null, h("summary", { text: t("knowledge.filter") }), h("div", { class: "fields" }, source, tags)),
    ],
    submit,
  });
  return h(
    "section",
    { class: "card" },
    h("h2", { text: t("knowledge.try") }),
    h("p", { class: "aside", text: t("knowledge.tryHint") }),
    made,
    note,
    found,
  );
}

/** Files, dropped or chosen. */
function bringIn(signal, over) {
  const imports = importList(signal, over);
  const refused = h("p", { class: "form-problem", hidden: true });
  const source = field(t("knowledge.source"), { name: "import-source", maxlength: 60 }, { hint: t("import.sourceHint") });
  const tags = field(t("knowledge.tags"), { name: "import-tags", maxlength: 200 }, { hint: t("import.tagsHint") });
  const take = async (files) => {
    const left = files.filter(({ name }) => !isRead(name)).map(({ name }) => name);
    show(refused, left.length > 0);
    refused.textContent = left.length ? t("import.notRead", { names: left.slice(0, 5).join(", ") }) : "";
    for (const file of files.filter(({ name }) => isRead(name))) {
      const more = { source: source.control.value.trim(), tags: tagsOf(tags.control.value), signal };
      try {
        imports.follow(await sendArticles(file, more));
      } catch (problem) {
        if (!signal.aborted) toastProblem(problem);
      }
    }
  };
  earlier(imports, signal);
  return h(
    "section",
    { class: "card" },
    h("h2", { text: t("import.title") }),
    dropZone({ id: "article-files", accept: ENDINGS.join(","), title: t("import.drop"), kinds: t("import.kinds") }, take),
    refused,
    h("details", null, h("summary", { text: t("import.options") }), h("div", { class: "fields" }, source, tags)),
    imports.element,
  );
}

/** What was sent before, and goes on being worked up. */
async function earlier(imports, signal) {
  try {
    const { items } = await api("GET", "/knowledge/imports?limit=5", { signal });
    for (const view of items) (view.state === "working" ? imports.follow : imports.seen)(view);
  } catch {
    // New imports are shown all the same.
  }
}

function articleList(signal) {
  const box = h("input", {
    type: "search",
    placeholder: t("knowledge.titleSearch"),
    "aria-label": t("knowledge.titleSearch"),
    maxlength: 80,
  });
  const list = pager({
    list: h("ul", { class: "rows articles" }),
    fetch: (after) => api("GET", `/knowledge/articles${query({ title: box.value.trim(), after, limit: 25 })}`, { signal }),
    row: articleRow,
    none: () => empty(t("knowledge.none"), t("knowledge.noneHint")),
    signal,
  });
  let typing = null;
  box.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(list.renew, TYPING_PAUSE);
  });
  const head = h("div", { class: "page-head" }, h("h2", { text: t("knowledge.list") }), h("div", { class: "search" }, box));
  return { element: h("section", null, head, list.element), renew: list.renew };
}

function articleRow({ id, title, source, tags, version, chunks, changed_at }) {
  return h(
    "li",
    { class: "article-row" },
    h("a", { href: `/admin/knowledge/${id}`, text: title }),
    h(
      "span",
      { class: "hint" },
      t("knowledge.row", { source, version, chunks: count(chunks), at: when(changed_at) }),
    ),
    tags.length > 0 && h("span", { class: "article-tags" }, ...tags.map((tag) => h("span", { class: "chip", text: tag }))),
  );
}
