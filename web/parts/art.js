// A picture of an artwork. Where there is none, or while it is not there yet, a quiet plate drawn from its name: the same
// work always gets the same plate.

import { h, s } from "../core/dom.js";
import { t } from "../core/i18n.js";

const PALETTES = [
  ["#e9e0d2", "#2f4858", "#b5523b", "#d9a25f", "#86a397"],
  ["#ece7dc", "#1f3b34", "#c9803f", "#7c9a8b", "#e2c79b"],
  ["#dfe3e0", "#3a3f52", "#8e5a6b", "#c9b18b", "#6f8fa3"],
  ["#f0e4d8", "#4b2e39", "#a3443c", "#d98e73", "#5d7278"],
  ["#e4e6df", "#26343f", "#557a6f", "#c6a15b", "#a9553d"],
  ["#e8e2ea", "#343055", "#7466a0", "#c58fa0", "#d8b67a"],
  ["#efe9dd", "#20262e", "#7d6b57", "#b99b6b", "#51615b"],
];
const WIDTH = 400;
const HEIGHT = 500;

function dice(text) {
  let state = 2166136261;
  for (const sign of text) state = Math.imul(state ^ sign.codePointAt(0), 16777619);
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2246822507);
    state = Math.imul(state ^ (state >>> 13), 3266489909);
    state ^= state >>> 16;
    return (state >>> 0) / 4294967296;
  };
}

const MOTIFS = { hills, fields, moons, strokes, blocks, arches };

function hills(roll, [, ...inks]) {
  const shapes = [
    s("circle", { cx: 80 + roll() * 240, cy: 90 + roll() * 90, r: 28 + roll() * 34, fill: inks[2], opacity: 0.9 }),
  ];
  for (let n = 0; n < 5; n += 1) {
    const y = 200 + n * 58 + roll() * 20;
    const lift = 30 + roll() * 80;
    const path = `M0 ${y} C ${90 + roll() * 60} ${y - lift}, ${190 + roll() * 60} ${y + lift * 0.6}, ${WIDTH} ${y - lift * 0.3} V ${HEIGHT} H 0 Z`;
    shapes.push(s("path", { d: path, fill: inks[n % inks.length], opacity: 0.32 + n * 0.13 }));
  }
  return shapes;
}

function fields(roll, [, ...inks]) {
  const cut = 0.35 + roll() * 0.3;
  const top = HEIGHT * cut;
  return [
    s("rect", { x: 34, y: 36, width: WIDTH - 68, height: top - 50, rx: 6, fill: inks[1], opacity: 0.92 }),
    s("rect", { x: 34, y: top, width: WIDTH - 68, height: 46 + roll() * 30, rx: 5, fill: inks[2], opacity: 0.85 }),
    s("rect", { x: 34, y: top + 90, width: WIDTH - 68, height: HEIGHT - top - 126, rx: 6, fill: inks[0], opacity: 0.94 }),
  ];
}

function moons(roll, [, ...inks]) {
  const shapes = [];
  for (let n = 0; n < 4; n += 1) {
    const at = { cx: 70 + roll() * 260, cy: 90 + roll() * 320, r: 44 + roll() * 100 };
    shapes.push(s("circle", { ...at, fill: inks[n % inks.length], opacity: 0.78 }));
  }
  shapes.push(s("path", { d: `M0 ${380 + roll() * 40} H ${WIDTH}`, stroke: inks[0], "stroke-width": 2 }));
  return shapes;
}

function strokes(roll, [, ...inks]) {
  const shapes = [];
  const ink = inks[Math.floor(roll() * 2)];
  for (let x = 26; x < WIDTH - 16; x += 13) {
    const from = 40 + roll() * 60;
    const to = HEIGHT - 40 - roll() * 130;
    shapes.push(
      s("path", {
        d: `M${x} ${from} V${to}`,
        stroke: ink,
        "stroke-width": 7 + roll() * 3,
        opacity: 0.25 + roll() * 0.65,
        "stroke-linecap": "round",
      }),
    );
  }
  shapes.push(
    s("circle", {
      cx: 120 + roll() * 160,
      cy: 130 + roll() * 120,
      r: 30 + roll() * 20,
      fill: inks[1 + Math.floor(roll() * 2)],
      opacity: 0.9,
    }),
  );
  return shapes;
}

function blocks(roll, [, ...inks]) {
  const x = 110 + roll() * 150;
  const y = 150 + roll() * 180;
  const gap = 9;
  const cells = [
    [24, 24, x - 24, y - 24],
    [x + gap, 24, 376 - x - gap, y - 24],
    [24, y + gap, x - 24, 476 - y - gap],
    [x + gap, y + gap, 376 - x - gap, 476 - y - gap],
  ];
  const first = Math.floor(roll() * inks.length);
  return cells.map(([left, top, width, height], n) =>
    s("rect", { x: left, y: top, width, height, fill: inks[(first + n) % inks.length], opacity: 0.9 }),
  );
}

function arches(roll, [, ...inks]) {
  const shapes = [];
  const middle = 150 + roll() * 100;
  for (let n = 5; n > 0; n -= 1) {
    const half = n * 30;
    const top = 420 - n * 66;
    const path = `M${middle - half} 440 V ${top + half} A ${half} ${half} 0 0 1 ${middle + half} ${top + half} V 440 Z`;
    shapes.push(s("path", { d: path, fill: inks[n % inks.length], opacity: 0.88 }));
  }
  shapes.push(s("rect", { x: 0, y: 440, width: WIDTH, height: 60, fill: inks[0], opacity: 0.85 }));
  return shapes;
}

function plate(name) {
  const roll = dice(name || "madang");
  const palette = PALETTES[Math.floor(roll() * PALETTES.length)];
  const names = Object.keys(MOTIFS);
  const motif = MOTIFS[names[Math.floor(roll() * names.length)]];
  const frame = {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "xMidYMid slice",
    "aria-hidden": "true",
    class: "plate",
  };
  return s("svg", frame, s("rect", { width: WIDTH, height: HEIGHT, fill: palette[0] }), ...motif(roll, palette));
}

/**
 * @param {{src?: string | null, title: string, artist?: string, eager?: boolean}} work
 * @returns {HTMLElement}
 */
export function art({ src, title, artist, eager = false }) {
  const alt = artist ? t("art.alt", { title, artist }) : title;
  const box = h("div", { class: "art" });
  const stand = () => {
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", alt);
  };
  // Our own server's drawings come at once and do come: no plate that would only flicker. They may be cropped.
  const drawn = src?.startsWith("/") ?? false;
  box.classList.toggle("drawn", drawn);
  if (!drawn) box.append(plate(`${title} ${artist ?? ""}`));
  if (!src) {
    stand();
    return box;
  }
  const image = h("img", { alt, src, loading: eager ? "eager" : "lazy", decoding: "async", referrerpolicy: "no-referrer" });
  image.addEventListener("load", () => box.classList.add("loaded"));
  image.addEventListener("error", () => {
    image.remove();
    if (!box.firstChild) box.append(plate(`${title} ${artist ?? ""}`));
    stand();
  });
  box.append(image);
  return box;
}
