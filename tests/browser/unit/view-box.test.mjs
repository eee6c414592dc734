import assert from "node:assert/strict";
import { test } from "node:test";

import { clamp, focus, pan, pinch, whole, zoomAt } from "../../../web/core/view-box.js";

const view = { width: 400, height: 300 };
const image = { width: 1000, height: 2000 };
const seen = ({ scale, x, y }, u, v) => ({ x: u * scale + x, y: v * scale + y });

test("the whole picture fits and stands in the middle", () => {
  const place = whole(view, image);
  assert.equal(place.scale, 0.15);
  assert.deepEqual(seen(place, 500, 1000), { x: 200, y: 150 });
});

test("a region is brought to the middle and can be read", () => {
  const region = { left: 400, top: 900, right: 600, bottom: 940 };
  const place = focus(view, image, region);
  const middle = seen(place, 500, 920);
  assert.ok(Math.abs(middle.x - 200) < 1e-9 && Math.abs(middle.y - 150) < 1e-9);
  assert.ok(200 * place.scale <= view.width);
  assert.ok(40 * place.scale >= 40);
});

test("a region at the edge keeps the picture in the window", () => {
  const place = focus(view, image, { left: 0, top: 0, right: 80, bottom: 30 });
  assert.deepEqual(seen(place, 0, 0), { x: 0, y: 0 });
});

test("zooming keeps the point under the finger", () => {
  const before = focus(view, image, { left: 400, top: 900, right: 600, bottom: 940 });
  const point = { u: (120 - before.x) / before.scale, v: (90 - before.y) / before.scale };
  const after = seen(zoomAt(before, 1.5, 120, 90, view, image), point.u, point.v);
  assert.ok(Math.abs(after.x - 120) < 1e-6 && Math.abs(after.y - 90) < 1e-6);
});

test("nobody zooms out beyond the whole or loses the picture", () => {
  assert.equal(zoomAt(whole(view, image), 0.01, 0, 0, view, image).scale, 0.15);
  const far = pan({ scale: 1, x: 0, y: 0 }, 1e6, -1e6, view, image);
  assert.deepEqual(far, clamp(far, view, image));
  assert.deepEqual(far, { scale: 1, x: 0, y: 300 - 2000 });
});

test("two fingers zoom by their distance and move by their middle", () => {
  const before = [
    { x: 0, y: 0 },
    { x: 100, y: 0 },
  ];
  const after = [
    { x: 10, y: 20 },
    { x: 210, y: 20 },
  ];
  assert.deepEqual(pinch(before, after), { factor: 2, x: 110, y: 20, dx: 60, dy: 20 });
});
