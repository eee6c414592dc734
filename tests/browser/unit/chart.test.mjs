import assert from "node:assert/strict";
import { test } from "node:test";

import { appended, areaPath, linePath, linePoints, roundTop, shares } from "../../../web/core/chart.js";

test("a scale ends at a round number at or above the most", () => {
  for (const [value, top] of [
    [0, 1],
    [1, 1],
    [3, 5],
    [24, 25],
    [26, 50],
    [101, 200],
  ])
    assert.equal(roundTop(value), top, String(value));
});

test("points lie within the frame, the first at the left, the last at the right", () => {
  const points = linePoints(
    [
      { at: 1000, value: 0 },
      { at: 1500, value: 5 },
      { at: 2000, value: 20 },
    ],
    { width: 100, height: 50, top: 10 },
  );
  assert.deepEqual(points, [
    { x: 0, y: 50 },
    { x: 50, y: 25 },
    { x: 100, y: 0 },
  ]);
  assert.equal(linePath(points), "M0 50L50 25L100 0");
  assert.equal(areaPath(points, 50), "M0 50L50 25L100 0L100 50L0 50Z");
  assert.deepEqual(linePoints([], { width: 1, height: 1 }), []);
});

test("shares follow each other and fill the whole", () => {
  assert.deepEqual(shares([1, 1, 2]), [
    { start: 0, length: 0.25 },
    { start: 0.25, length: 0.25 },
    { start: 0.5, length: 0.5 },
  ]);
  assert.deepEqual(shares([0, 0]), [
    { start: 0, length: 0 },
    { start: 0, length: 0 },
  ]);
});

test("a history stays short and keeps its newest", () => {
  let series = [];
  for (let n = 0; n < 1000; n += 1) series = appended(series, n, 16);
  assert.ok(series.length <= 16);
  assert.equal(series.at(-1), 999);
  assert.deepEqual(
    series,
    [...series].sort((a, b) => a - b),
  );
});
