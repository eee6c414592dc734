import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import en from "../../../web/i18n/en.js";
import ko from "../../../web/i18n/ko.js";

const WEB = new URL("../../../web/", import.meta.url).pathname;

/** Every key that the code names in full, as `t("key")` or in a list of keys. */
function named() {
  const keys = new Set();
  for (const folder of ["core", "parts", "pages"]) {
    for (const file of readdirSync(join(WEB, folder))) {
      for (const [, key] of readFileSync(join(WEB, folder, file), "utf8").matchAll(/\bt\("([\w.]+)"/g)) keys.add(key);
    }
  }
  return keys;
}

test("both languages have the same keys", () => {
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
});

test("no key is missing and none is empty", () => {
  for (const key of named()) assert.ok(key in en, key);
  for (const words of [en, ko])
    for (const [key, text] of Object.entries(words)) assert.ok(typeof text === "function" || text.length > 0, key);
});

test("both languages fill in the same values", () => {
  const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  for (const [key, text] of Object.entries(en)) {
    if (typeof text === "string" && typeof ko[key] === "string") assert.deepEqual(holes(ko[key]), holes(text), key);
  }
});
