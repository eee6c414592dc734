import assert from "node:assert/strict";
import { test } from "node:test";

import { exponentOf, formatDigits, formatMoney, parseMoney } from "../../../web/core/money.js";
import { bandsOf, stepAt } from "../../../web/core/steps.js";

test("each currency has its own minor unit", () => {
  assert.deepEqual(["KRW", "USD", "KWD"].map(exponentOf), [0, 2, 3]);
});

test("amounts are shown in their own unit, exactly", () => {
  assert.equal(formatMoney(1_250_000, "KRW", "ko-KR"), "₩1,250,000");
  assert.equal(formatMoney(1505, "USD", "en-US"), "$15.05");
  assert.equal(formatMoney(5, "USD", "en-US"), "$0.05");
  assert.equal(formatMoney(-5, "USD", "en-US"), "-$0.05");
  assert.equal(formatMoney(99_999_999_999_999, "USD", "en-US"), "$999,999,999,999.99");
  assert.equal(formatDigits(1505, "USD", "en"), "15.05");
});

test("what people type is understood", () => {
  const won = {
    1250000: 1_250_000,
    "1,250,000": 1_250_000,
    "₩1,250,000": 1_250_000,
    " 1 250 000원 ": 1_250_000,
    "125만": 1_250_000,
    "2억": 200_000_000,
    "１２３": 123,
  };
  for (const [text, amount] of Object.entries(won)) assert.equal(parseMoney(text, "KRW"), amount, text);
  assert.equal(parseMoney("12.5", "USD"), 1250);
  assert.equal(parseMoney("12.05", "USD"), 1205);
  assert.equal(parseMoney("12.", "USD"), 1200);
});

test("what is no amount is refused", () => {
  for (const text of ["", "0", "-5", "abc", "1e9", "12.5", "1.2.3", "9999999999999999", "NaN", "Infinity"]) {
    assert.equal(parseMoney(text, "KRW"), null, text);
  }
  assert.equal(parseMoney("12.345", "USD"), null);
});

test("the step follows the price, and the first row goes for all below it", () => {
  const won = bandsOf("won");
  assert.deepEqual(
    [0, 19_999, 20_000, 499_999, 500_000, 90_000_000].map((price) => stepAt(won, price)),
    [1000, 1000, 2000, 10_000, 50_000, 5_000_000],
  );
  assert.equal(stepAt(bandsOf("whatnot"), 1), 100);
  assert.equal(stepAt(bandsOf({ own: [{ from: 0, step: 7 }] }), 3), 7);
  assert.equal(stepAt(bandsOf("none"), 100), null);
});
