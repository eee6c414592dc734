// Small charts in SVG: the colours come from the style sheet, the sizes from attributes.

import { areaPath, linePath, linePoints, roundTop, shares } from "../core/chart.js";
import { h, s, setText } from "../core/dom.js";

/**
 * A ring that fills up, with a figure in it.
 * @param {string} label what is told to screen readers before the figure
 */
export function ring(label) {
  const arcs = ["done", "review", "open"].map((tone) =>
    s("circle", { class: `ring-arc ${tone}`, cx: 60, cy: 60, r: 52, pathLength: 1, "stroke-dasharray": "0 1" }),
  );
  const figure = h("strong", { class: "figures" });
  const word = h("span");
  const picture = s(
    "svg",
    { viewBox: "0 0 120 120", "aria-hidden": "true" },
    s("circle", { class: "ring-ground", cx: 60, cy: 60, r: 52 }),
    s("g", { transform: "rotate(-90 60 60)" }, ...arcs),
  );
  const element = h("div", { class: "ring", role: "group", "aria-label": label }, picture, h("p", null, figure, word));
  return {
    element,
    /** @param {{done: number, review: number, open: number, text: string, under: string}} now */
    draw({ done, review, open, text, under }) {
      for (const [n, { start, length }] of shares([done, review, open]).entries()) {
        // A full ring has no dash, whose two ends would show; a gap of a whole round leaves no speck of the next dash.
        arcs[n].setAttribute("stroke-dasharray", length < 1 ? `${length} 1` : "none");
        arcs[n].setAttribute("stroke-dashoffset", String(-start));
        arcs[n].toggleAttribute("hidden", length === 0);
      }
      setText(figure, text);
      setText(word, under);
    },
  };
}

/**
 * A line over time.
 * @param {{label: string, width?: number, height?: number}} options
 */
export function lineChart({ label, width = 320, height = 96 }) {
  const area = s("path", { class: "chart-area", d: "" });
  const line = s("path", { class: "chart-line", d: "" });
  // A line of no length with round ends: it stays round however the chart is stretched.
  const last = s("path", { class: "chart-last", d: "" });
  const marks = [0, 0.5, 1].map((part) =>
    s("line", { class: "chart-mark", x1: 0, x2: width, y1: 4 + height * part, y2: 4 + height * part }),
  );
  const frame = { viewBox: `0 0 ${width} ${height + 8}`, preserveAspectRatio: "none", role: "img", "aria-label": label };
  const moved = s("g", { transform: "translate(0 4)" }, area, line, last);
  const picture = s("svg", { ...frame, class: "chart" }, ...marks, moved);
  return {
    element: picture,
    /** @param {Array<{at: number, value: number}>} series */
    draw(series, { top, described } = {}) {
      const points = linePoints(series, { width: width - 6, height, top: top ?? topOf(series) });
      line.setAttribute("d", linePath(points));
      area.setAttribute("d", areaPath(points, height));
      const end = points.at(-1);
      last.setAttribute("d", end ? `M${end.x} ${end.y}h0` : "");
      if (described) picture.setAttribute("aria-label", `${label}: ${described}`);
    },
  };
}

const topOf = (series) => roundTop(Math.max(0, ...series.map(({ value }) => value)));

/** A bar from 0 to 1 for a table's cell: the number beside it says it in words. */
export function bar(value, tone = "") {
  const width = Math.max(0, Math.min(1, value)) * 100;
  return s(
    "svg",
    { class: `bar ${tone}`, viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "bar-ground", width: 100, height: 6 }),
    s("rect", { class: "bar-fill", width, height: 6 }),
  );
}
