// The few signs of the pages, drawn with the text's colour.

import { s } from "../core/dom.js";

const PATHS = {
  heart:
    "M12 20s-7-4.4-9.2-8.6C1.2 8.2 2.9 4.8 6.3 4.5c2.1-.2 3.9.9 5.7 3 1.8-2.1 3.6-3.2 5.7-3 3.4.3 5.1 3.7 3.5 6.9C19 15.6 12 20 12 20Z",
  bell: "M6 10a6 6 0 1 1 12 0c0 5 2 6 2 6H4s2-1 2-6Zm4 9.5a2 2 0 0 0 4 0",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4",
  moon: "M20 14.5A8.2 8.2 0 0 1 9.5 4 8.2 8.2 0 1 0 20 14.5Z",
  home: "M4 11 12 5l8 6m-13.5-.5V19h11v-8.5",
  gavel: "m9 5 6 6m-8-4 4-4m2 10 4-4M9.5 10.5 4 16l2 2 5.5-5.5M12 20h8",
  wallet: "M4 7.5h14a2 2 0 0 1 2 2V17a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V7.5Zm0 0A2.5 2.5 0 0 1 6.5 5H16m0 8.25h.01",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8a7.5 7.5 0 0 1 15 0",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  search: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12Zm4.5 10.5 5 5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  close: "m6 6 12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  desk: "M4 5h16v10H4zM9 19h6m-3-4v4",
  alarm: "M12 7a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm0 3v3.5l2.2 1.6M4 6.5 6.8 4M20 6.5 17.2 4",
  talk: "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Zm3 5h8m-8 3h5",
  tag: "M4 5h7l9 9-6 6-10-9V5Zm4 4h.01",
  snooze: "M5 5h6l-6 7h6m3 1h5l-5 6h5",
  next: "M5 6v12l8-6-8-6Zm12 0v12",
  stop: "M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7l5-5ZM12 8v5m0 3.2v.01",
  upload: "M12 16V5m-4.5 4L12 4.5 16.5 9M5 15v4h14v-4",
  zoomIn: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12Zm4.5 10.5 5 5M8 10.5h5m-2.5-2.5v5",
  zoomOut: "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12Zm4.5 10.5 5 5M8 10.5h5",
  frame: "M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5",
  flame:
    "M12 3c1 4 5.5 5.6 5.5 10.2A5.5 5.5 0 0 1 12 19a5.5 5.5 0 0 1-5.5-5.8C6.5 10.5 8 9.5 8.5 7.5 10 8.5 10.5 9.5 10.8 11 12 9 12.5 6 12 3Z",
  cloudOff: "M8 17.5H7A4 4 0 0 1 6.5 9.6M10 6.2A5.5 5.5 0 0 1 17.4 10 3.8 3.8 0 0 1 19.2 17M4 4l16 16",
  download: "M12 5v11m-4.5-4L12 16.5l4.5-4.5M5 19h14",
  pause: "M9 6v12m6-12v12",
  play: "M8 5.5v13l10.5-6.5L8 5.5Z",
  flag: "M6 20V5h11l-2.5 4L17 13H6",
  people:
    "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM3.5 19a5.5 5.5 0 0 1 11 0M16 11.2a2.8 2.8 0 1 0-1-5.4M17 14.2a4.6 4.6 0 0 1 3.5 4.6",
  arrow: "M5 12h14m-6-6 6 6-6 6",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const frame = {
    viewBox: "0 0 24 24",
    class: `icon icon-${name}`,
    "aria-hidden": "true",
    fill: "none",
    stroke: "currentColor",
  };
  return s(
    "svg",
    { ...frame, "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" },
    s("path", { d: PATHS[name] }),
  );
}

/** The sign of the house: a roof over a courtyard. */
export function emblem() {
  const line = {
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 1.9,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  };
  return s(
    "svg",
    { viewBox: "0 0 24 24", class: "emblem", "aria-hidden": "true" },
    s("path", { d: "M2.5 11 12 4.5 21.5 11", ...line }),
    s("path", { d: "M6 19.5v-7h12v7", ...line }),
    s("circle", { cx: 12, cy: 16.5, r: 1.7, class: "emblem-lamp" }),
  );
}
