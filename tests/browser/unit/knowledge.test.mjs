import assert from "node:assert/strict";
import { test } from "node:test";

import { isRead, progressOf, sectionsOf, tagsOf, textOf, whyOf } from "../../../web/core/knowledge.js";

test("a text becomes sections and back", () => {
  const sections = sectionsOf("Intro.\n\n## What is it?\nA disease.\n\nOf the lungs.\n## Empty\n## Why?\r\nBecause.\n");
  assert.deepEqual(sections, [
    { heading: "", text: "Intro." },
    { heading: "What is it?", text: "A disease.\n\nOf the lungs." },
    { heading: "Why?", text: "Because." },
  ]);
  assert.deepEqual(sectionsOf(textOf(sections)), sections);
  assert.deepEqual(sectionsOf(" \n"), []);
});

test("tags are words between commas, each once", () => {
  assert.deepEqual(tagsOf(" a, b,a ,, "), ["a", "b"]);
});

test("names tell what is read", () => {
  assert.ok(isRead("a.JSONL") && isRead("b.md") && isRead("c.pdf"));
  assert.ok(!isRead("d.exe") && !isRead("md"));
});

test("progress is unknown until the file is read, and whole at the end", () => {
  assert.equal(progressOf({ state: "working", articles: null, done: 0 }), null);
  assert.equal(progressOf({ state: "working", articles: 8, done: 2 }), 0.25);
  assert.equal(progressOf({ state: "failed", articles: null, done: 0 }), 1);
});

test("why a passage was chosen", () => {
  const scores = { keyword_rank: 2, bm25: 12.345, vector_rank: null, cosine: null, fused: 0.01 };
  assert.deepEqual(whyOf(scores, 0.02), { words: { rank: 2, score: "12.3" }, vectors: null, share: 0.5 });
  assert.equal(whyOf({ ...scores, fused: 0 }, 0).share, 0);
});
