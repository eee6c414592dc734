// For admins: writing an article, changing it, looking at its versions and at how it is cut.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { t, when } from "../core/i18n.js";
import { sectionsOf, tagsOf, textOf } from "../core/knowledge.js";
import { navigate, redraw } from "../core/router.js";
import { holds } from "../core/session.js";
import { confirmed, empty, field, fill, form, toast, toastProblem } from "../parts/controls.js";
import { notYours, signInFirst } from "./sign-in-first.js";

export function articleEdit({ params, signal, title }) {
  const gate = signInFirst();
  if (gate) return gate;
  if (!holds("admin")) return notYours();
  const place = h("section", { class: "medium knowledge" });
  if (params.id === undefined) {
    title(t("knowledge.new"));
    place.append(h("h1", { text: t("knowledge.new") }), writing(null));
    return place;
  }
  const id = Number(params.id);
  const draw = (article) => {
    title(article.title);
    return [head(article), writing(article), versions(article, signal), cuts(article, signal)];
  };
  fill(place, () => api("GET", `/knowledge/articles/${id}`, { signal }), draw, signal);
  return place;
}

function head({ id, title, source, name, version, changed_at }) {
  const remove = async () => {
    const sure = await confirmed({
      title: t("knowledge.deleteTitle", { title }),
      text: t("knowledge.deleteText"),
      confirm: t("knowledge.delete"),
      danger: true,
    });
    if (!sure) return;
    try {
      await api("DELETE", `/knowledge/articles/${id}`);
      toast({ text: t("knowledge.deleted", { title }) });
      navigate("/admin/knowledge");
    } catch (problem) {
      toastProblem(problem);
    }
  };
  return h(
    "div",
    { class: "page-head" },
    h(
      "div",
      null,
      h("p", { class: "eyebrow" }, h("a", { href: "/admin/knowledge", text: t("nav.knowledge") })),
      h("h1", { text: title }),
      h("p", { class: "hint", text: t("knowledge.origin", { source, name, version, at: when(changed_at, "full") }) }),
    ),
    h("button", { type: "button", class: "button danger", text: t("knowledge.delete"), on: { click: remove } }),
  );
}

function writing(article) {
  const title = field(t("knowledge.title"), { name: "title", required: true, maxlength: 300, value: article?.title });
  const url = field(
    t("knowledge.url"),
    { name: "url", type: "url", maxlength: 2000, value: article?.url },
    { hint: t("knowledge.urlHint") },
  );
  const tags = field(
    t("knowledge.tags"),
    { name: "tags", maxlength: 800, value: article?.tags.join(", ") },
    { hint: t("import.tagsHint") },
  );
  const text = field(
    t("knowledge.text"),
    { type: "textarea", name: "text", required: true, rows: 18, value: article ? textOf(article.sections) : "" },
    { hint: t("knowledge.textHint") },
  );
  const submit = async () => {
    const body = {
      title: title.control.value,
      url: url.control.value.trim() || null,
      tags: tagsOf(tags.control.value),
      sections: sectionsOf(text.control.value),
    };
    if (article) {
      const kept = await api("PUT", `/knowledge/articles/${article.id}`, { body: { ...body, version: article.version } });
      toast({ text: t("knowledge.kept", { version: kept.version }), tone: "good" });
      redraw();
      return;
    }
    const { id } = await api("POST", "/knowledge/articles", { body });
    toast({ text: t("knowledge.added"), tone: "good" });
    navigate(`/admin/knowledge/${id}`);
  };
  return form({ label: t("knowledge.save"), children: [title, url, tags, text], submit, class: "form card" });
}

/** Every version that there was; one of them can be taken up again. */
function versions(article, signal) {
  const body = h("div");
  const draw = ({ items }) =>
    h(
      "ul",
      { class: "rows" },
      ...items.map(({ version, title, at }) =>
        h(
          "li",
          { class: "article-row" },
          h("span", { text: t("knowledge.version", { version, title }) }),
          h("span", { class: "hint", text: when(at, "full") }),
          version !== article.version && restore(article, version),
        ),
      ),
    );
  return opened(t("knowledge.versions"), body, () =>
    fill(body, () => api("GET", `/knowledge/articles/${article.id}/versions`, { signal }), draw, signal),
  );
}

function restore(article, version) {
  const take = async () => {
    try {
      const { title, url, tags, sections } = await api("GET", `/knowledge/articles/${article.id}/versions/${version}`);
      const body = { title, url, tags, sections, version: article.version };
      await api("PUT", `/knowledge/articles/${article.id}`, { body });
      toast({ text: t("knowledge.restored", { version }), tone: "good" });
      redraw();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  return h("button", { type: "button", class: "button small quiet", text: t("knowledge.restore"), on: { click: take } });
}

/** The pieces that are found and quoted. */
function cuts(article, signal) {
  const body = h("div");
  const draw = ({ items }) =>
    items.length === 0
      ? empty(t("knowledge.none"))
      : h(
          "ol",
          { class: "passages" },
          ...items.map(({ heading, text }) =>
            h(
              "li",
              { class: "card passage" },
              heading && h("p", { class: "passage-heading", text: heading }),
              h("p", { class: "passage-text", text }),
            ),
          ),
        );
  return opened(t("knowledge.cuts", { count: article.chunks }), body, () =>
    fill(body, () => api("GET", `/knowledge/articles/${article.id}/chunks`, { signal }), draw, signal),
  );
}

/** Fetched when it is first opened. */
function opened(summary, body, load) {
  const details = h("details", { class: "rules" }, h("summary", { text: summary }), body);
  details.addEventListener("toggle", () => details.open && load(), { once: true });
  return details;
}
