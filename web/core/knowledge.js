// Articles that answers are taken from. Pure but for `sendArticles` and `followImport`.

import { api, query } from "./api.js";

const LOOK_EVERY = 700;
/** What files of articles may be called. */
export const ENDINGS = [".jsonl", ".ndjson", ".json", ".md", ".markdown", ".html", ".htm", ".txt", ".pdf"];

/** Whether a file's name promises something that is read. */
export function isRead(name) {
  return ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));
}

/** Tags from a line of them: separated by commas, each once. */
export function tagsOf(line) {
  return [...new Set(line.split(",").map((tag) => tag.trim()))].filter(Boolean);
}

/**
 * Sections from one text: lines that begin with `## ` are headings.
 * @param {string} text
 * @returns {Array<{heading: string, text: string}>} without those that have no text
 */
export function sectionsOf(text) {
  const sections = [{ heading: "", text: "" }];
  for (const line of text.split(/\r?\n/)) {
    const heading = /^##\s+(.+)$/.exec(line);
    if (heading) sections.push({ heading: heading[1].trim(), text: "" });
    else sections.at(-1).text += `${line}\n`;
  }
  return sections.map(({ heading, text }) => ({ heading, text: text.trim() })).filter(({ text }) => text);
}

/** The reverse of `sectionsOf`. */
export function textOf(sections) {
  return sections.map(({ heading, text }) => (heading ? `## ${heading}\n${text}` : text)).join("\n\n");
}

/** How far an import is: 0 to 1, or null while nobody knows. */
export function progressOf({ state, articles, done }) {
  if (state !== "working") return 1;
  return articles ? done / articles : null;
}

/**
 * Why a passage was chosen, as numbers to show.
 * @param {{keyword_rank: number | null, bm25: number | null, vector_rank: number | null, cosine: number | null, fused: number}} scores
 * @param {number} best the fused score of the first
 */
export function whyOf(scores, best) {
  return {
    words: scores.keyword_rank === null ? null : { rank: scores.keyword_rank, score: scores.bm25.toFixed(1) },
    vectors: scores.vector_rank === null ? null : { rank: scores.vector_rank, score: scores.cosine.toFixed(2) },
    share: best > 0 ? scores.fused / best : 0,
  };
}

/** Sends a file of articles; gives the import. */
export function sendArticles(file, { source, tags, signal }) {
  const asked = query({ name: file.name, source, tags: tags.join(",") });
  return api("POST", `/knowledge/imports${asked}`, { file, key: crypto.randomUUID(), signal });
}

/**
 * Looks at an import until it is over.
 * @param {number} id
 * @param {(view: any) => void} seen
 * @param {AbortSignal} signal
 */
export async function followImport(id, seen, signal) {
  while (!signal.aborted) {
    const view = await api("GET", `/knowledge/imports/${id}`, { signal });
    seen(view);
    if (view.state !== "working") return;
    await new Promise((wait) => setTimeout(wait, LOOK_EVERY));
  }
}
