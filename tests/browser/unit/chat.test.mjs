// Conversations on a page: whatever order words come in, the text is the server's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, needsView, renewed, verdict, withPiece } from "../../../web/core/chat.js";
import { parse, withMarks } from "../../../web/core/markdown.js";

const TEXT = "숨은 😀 천천히 쉬세요 [1]. Slowly.";
const CHARS = [...TEXT];
const answer = (text = "") => ({ stage: "streaming", text, length: [...text].length, sources: [], marks: [], stopping: false });
const chat = (text = "") => ({
  offset: 4,
  count: 1,
  title: "t",
  messages: [{ message: 1, question: "?", answer: answer(text) }],
});
const piece = (type, from, to) => ({ type, message: 1, from, to, text: CHARS.slice(from, to).join(""), marks: [] });

/** A small generator, so that a failure can be repeated. */
function* dice(seed) {
  for (let x = seed; ; ) yield (x = (x * 48271) % 2147483647) / 2147483647;
}

test("pieces in passing and kept pieces give one text, whatever is lost or comes twice", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const roll = dice(seed);
    const next = (most) => Math.floor(roll.next().value * most);
    let seen = chat();
    let offset = 4;
    let kept = 0;
    let said = 0;
    while (kept < CHARS.length) {
      const to = Math.min(CHARS.length, said + 1 + next(4));
      if (next(3) > 0) seen = apply(seen, piece("tokens", said, to), undefined);
      said = to;
      if (next(3) === 0 || said === CHARS.length) {
        const event = piece("written", kept, said);
        assert.equal(needsView(seen, event), false);
        seen = apply(seen, event, (offset += 1));
        if (next(4) === 0) seen = apply(seen, event, offset);
        kept = said;
        assert.equal(seen.messages[0].answer.text, CHARS.slice(0, kept).join(""));
      }
    }
    assert.equal(seen.messages[0].answer.text, TEXT);
  }
});

test("a piece that does not follow yet changes nothing", () => {
  const before = answer("ab");
  assert.equal(withPiece(before, { from: 3, to: 5, text: "de" }), before);
  assert.equal(needsView(chat("ab"), { type: "written", message: 1, from: 3, to: 4, text: "d" }), true);
});

test("words of the moment before a crash are taken back", () => {
  let seen = chat("The first half that was kept, and more");
  seen = apply(seen, { type: "finished", message: 1, stage: "interrupted", length: 28, at: "x" }, 5);
  assert.equal(seen.messages[0].answer.text, "The first half that was kept");
  seen = apply(seen, { type: "continued", message: 1, length: 28 }, 6);
  assert.deepEqual([seen.messages[0].answer.stage, seen.messages[0].answer.length], ["queued", 28]);
});

test("a view is no step back for words that came meanwhile", () => {
  const view = { ...chat("ab"), offset: 6 };
  assert.equal(renewed(chat("abc"), view).messages[0].answer.text, "abc");
  const over = { ...chat("ab"), offset: 6 };
  over.messages[0].answer.stage = "stopped";
  assert.equal(renewed(chat("abc"), over).messages[0].answer.text, "ab");
  assert.equal(renewed(chat("abc"), { ...chat("xy"), offset: 3 }).messages[0].answer.text, "abc", "an older one");
});

test("what an answer stands on is told from its claims", () => {
  assert.equal(verdict([]), null);
  assert.equal(verdict([{ badge: "not_compared" }]), null);
  assert.equal(verdict([{ badge: "grounded" }, { badge: "grounded" }]), "grounded");
  assert.equal(verdict([{ badge: "grounded" }, { badge: "not_found" }]), "partly");
});

const kinds = (tree) => JSON.stringify(tree, (key, value) => (key === "inline" || key === "items" ? value : value));

test("markdown is read into blocks", () => {
  const tree = parse("# Head\n\nOne **bold** and *soft* `x`.\n\n- a\n- b [2]\n\n1. c\n\n> said\n\n```\n<b>\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |");
  assert.deepEqual(tree.map(({ kind }) => kind), ["heading", "paragraph", "list", "list", "quote", "code", "table"]);
  assert.deepEqual(tree[1].inline.map(({ kind }) => kind), ["text", "strong", "text", "em", "text", "code", "text"]);
  assert.deepEqual(tree[2].items[1], [{ kind: "text", text: "b " }, { kind: "cite", number: 2 }]);
  assert.equal(tree[5].text, "<b>");
});

test("what tries to be a script stays text", () => {
  for (const text of [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>)",
    "![x](https://example.org/a.png)",
  ]) {
    assert.ok(!/"href":"(?!https?:)/.test(kinds(parse(text))), text);
    assert.ok(!kinds(parse(text)).includes('"html"'), text);
  }
});

test("anything is read in time, also what never ends", () => {
  const long = "**a [b](c `d ".repeat(3000);
  const began = Date.now();
  parse(long);
  parse("*".repeat(20000));
  parse("_".repeat(20000));
  assert.ok(Date.now() - began < 10_000);
});

test("the signs of claims stand where the claims end", () => {
  const text = withMarks("가나. Da.", [{ to: 3 }, { to: 7 }]);
  const [{ inline }] = parse(text);
  assert.deepEqual(inline.map(({ kind, text, place }) => text ?? `${kind}${place}`), ["가나.", "mark0", " Da.", "mark1"]);
  assert.equal(parse(withMarks("\uE0005\uE001", []))[0].inline[0].text, "?5?", "nobody else can write them");
});
