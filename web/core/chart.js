// The figures behind the small charts: scales, paths, shares. Pure.

/** A round number at or above `value`, such as people put at the top of a scale. */
export function roundTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value - 1e-9);
  return step * power;
}

/**
 * Points of a line in a frame, first in time at the left.
 * @param {Array<{at: number, value: number}>} series
 * @param {{width: number, height: number, top?: number, from?: number, to?: number}} frame
 */
export function linePoints(series, { width, height, top, from, to }) {
  if (series.length === 0) return [];
  const start = from ?? series[0].at;
  const span = Math.max(1, (to ?? series.at(-1).at) - start);
  const most = top ?? roundTop(Math.max(...series.map(({ value }) => value)));
  return series.map(({ at, value }) => ({
    x: round(((at - start) / span) * width),
    y: round(height - (Math.min(value, most) / most) * height),
  }));
}

const round = (number) => Math.round(number * 100) / 100;

/** The path of a line. */
export function linePath(points) {
  return points.map(({ x, y }, n) => `${n ? "L" : "M"}${x} ${y}`).join("");
}

/** The path of what lies under it. */
export function areaPath(points, height) {
  if (points.length === 0) return "";
  return `${linePath(points)}L${points.at(-1).x} ${height}L${points[0].x} ${height}Z`;
}

/**
 * Parts of a whole as starts and lengths between 0 and 1, in the order given.
 * @param {number[]} values
 */
export function shares(values) {
  const all = values.reduce((sum, value) => sum + value, 0);
  let start = 0;
  return values.map((value) => {
    const length = all > 0 ? value / all : 0;
    const part = { start, length };
    start += length;
    return part;
  });
}

/**
 * Keeps a history short: never more than `most` points, the newest always, older ones thinned evenly.
 * @template T
 * @param {T[]} series
 * @param {T} next
 * @param {number} most at least 4
 * @returns {T[]}
 */
export function appended(series, next, most) {
  const grown = [...series, next];
  if (grown.length <= most) return grown;
  return grown.filter((_, n) => n === grown.length - 1 || n % 2 === 0);
}
