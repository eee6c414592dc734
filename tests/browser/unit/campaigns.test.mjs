import assert from "node:assert/strict";
import { test } from "node:test";

import {
  actionsOf,
  apply,
  candidates,
  choicesOf,
  fraction,
  imagePath,
  needsView,
  rulesOf,
  votesOf,
} from "../../../web/core/campaign.js";
import { plan, sortOf } from "../../../web/core/upload-plan.js";
import { crc32, zipParts, zipSize } from "../../../web/core/zip.js";

const bytes = (text) => new TextEncoder().encode(text);

test("what a channel tells is taken into the view", () => {
  let view = { id: 5, state: "requested" };
  assert.equal(fraction(view), 0);
  view = apply(view, { type: "tasks_added", tasks: 10, golds: 2 });
  assert.deepEqual([view.progress.tasks, view.progress.open, view.golds], [10, 10, 2]);
  view = apply(view, { type: "campaign_changed", state: "in_progress", at: "2026-01-01T00:00:00Z" });
  assert.deepEqual([view.state, view.started_at], ["in_progress", "2026-01-01T00:00:00Z"]);
  view = apply(view, { type: "task_settled", task: 1, progress: { tasks: 10, done: 5, open: 5 } });
  assert.equal(fraction(view), 0.5);
  assert.ok(!needsView({ type: "task_settled" }));
  assert.ok(needsView({ type: "worker_excluded" }));
});

test("actions follow the state and the person", () => {
  assert.deepEqual(actionsOf("requested", { admin: true }), ["approve", "reject"]);
  assert.deepEqual(actionsOf("requested", { admin: false }), []);
  assert.deepEqual(actionsOf("paused", { admin: false }), ["resume", "complete"]);
  assert.deepEqual(actionsOf("completed", { admin: true }), []);
});

test("candidates are counted without what was dropped or late", () => {
  const vote = (answer, standing = "waiting") => ({ answer, standing });
  const answers = [vote("a"), vote("b"), vote("b"), vote("c", "late"), vote("a", "dropped")];
  assert.deepEqual(candidates(answers), [
    { answer: "b", count: 2, of: 3 },
    { answer: "a", count: 1, of: 3 },
  ]);
});

test("a form becomes rules", () => {
  const form = { kind: "choice", instructions: "Which?", choices: " cat \n\ndog\ncat", care: "usual", points: 15, gold: 7.5 };
  const rules = rulesOf({ ...form, foldCase: true, foldWidth: false, ignorePunctuation: false });
  assert.deepEqual(rules.choices, ["cat", "dog"]);
  assert.equal(rules.gold_bp, 750);
  assert.deepEqual(votesOf(rules.stop), { least: 5, most: 15 });
  assert.deepEqual(rulesOf({ ...form, kind: "ocr" }).choices, []);
  assert.deepEqual(choicesOf("a  b\n a b"), ["a b"]);
});

test("images are found below the objects unless they have an address", () => {
  assert.equal(imagePath("i/abc.webp"), "/objects/i/abc.webp");
  assert.equal(imagePath("/objects/x"), "/objects/x");
});

test("people are known by their answers where answers are choices", () => {
  const form = { kind: "choice", instructions: "", choices: "cat\ndog", care: "confidence", points: 15, gold: 10 };
  assert.equal(rulesOf(form).accuracy, "answers");
  assert.equal(rulesOf({ ...form, care: "usual" }).accuracy, undefined);
  assert.equal(rulesOf({ ...form, kind: "ocr" }).accuracy, undefined);
});

test("how far an upload is changes nothing of its campaign", () => {
  const view = { state: "in_progress", progress: { tasks: 3 } };
  const told = { type: "upload_went", upload: 3, state: "done", files: 1, files_done: 1, files_refused: 0, tasks: 3 };
  assert.deepEqual(apply(view, told), view);
  assert.equal(needsView(told), false);
});

test("files go with what belongs to them", () => {
  const file = (name, size = 10) => ({ name, size });
  const { archives, parts, refused } = plan([
    file("a.zip"),
    file("1.jpg"),
    file("1.csv"),
    file("2.PNG"),
    file("3.csv"),
    file("x.exe"),
  ]);
  assert.deepEqual(
    archives.map(({ name }) => name),
    ["a.zip"],
  );
  assert.deepEqual(
    parts.map((part) => part.map(({ name }) => name)),
    [["1.jpg", "1.csv", "2.PNG"]],
  );
  assert.deepEqual(
    refused.map(({ name }) => name),
    ["x.exe", "3.csv"],
  );
  const large = plan([file("1.jpg", 20 << 20), file("1.csv"), file("2.jpg", 20 << 20)]);
  assert.deepEqual(
    large.parts.map((part) => part.length),
    [2, 1],
  );
  assert.equal(sortOf("A.JPEG"), "picture");
});

test("a zip is made as everybody reads it", () => {
  assert.equal(crc32(bytes("123456789")), 0xcbf43926);
  const files = [
    { name: "가.txt", bytes: bytes("hello") },
    { name: "b.bin", bytes: new Uint8Array([0, 255]) },
  ];
  const made = Buffer.concat(zipParts(files));
  assert.equal(made.length, zipSize(files.map(({ name, bytes: { length } }) => ({ name, size: length }))));
  assert.equal(made.readUInt32LE(0), 0x04034b50);
  const end = made.length - 22;
  assert.equal(made.readUInt32LE(end), 0x06054b50);
  assert.equal(made.readUInt16LE(end + 10), 2);
  const directory = made.readUInt32LE(end + 16);
  assert.equal(made.readUInt32LE(directory), 0x02014b50);
  assert.equal(made.readUInt32LE(directory + 42), 0, "the first file begins the zip");
  assert.equal(made.subarray(46 + directory, 46 + directory + 7).toString(), "가.txt");
});
