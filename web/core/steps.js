// The step tables of `domain/src/auction/steps.rs`, so that the buttons can offer the bids after the next one. The server
// judges every bid by its own; here a wrong row would only make a button less handy.

const rows = (...pairs) => pairs.map(([from, step]) => ({ from, step }));

const TABLES = {
  ebay: rows(
    [1, 5],
    [100, 25],
    [500, 50],
    [2500, 100],
    [10000, 250],
    [25000, 500],
    [50000, 1000],
    [100000, 2500],
    [250000, 5000],
    [500000, 10000],
  ),
  whatnot: rows([100, 100], [3000, 200], [5000, 300], [10000, 500], [30000, 1000], [100000, 2000], [200000, 5000]),
  won: rows(
    [0, 1000],
    [20000, 2000],
    [50000, 5000],
    [100000, 10000],
    [500000, 50000],
    [1000000, 100000],
    [5000000, 500000],
    [10000000, 1000000],
    [50000000, 5000000],
  ),
  none: [],
};

/**
 * The rows of a sale's steps: the name of a table, or `{own: rows}`.
 * @param {string | {own: Array<{from: number, step: number}>} | undefined} steps
 * @returns {Array<{from: number, step: number}>} rising
 */
export function bandsOf(steps) {
  if (typeof steps === "string") return TABLES[steps] ?? [];
  return steps?.own ?? [];
}

/**
 * The step at a price: of the last row that starts at or below it, or of the first.
 * @param {Array<{from: number, step: number}>} bands
 * @param {number} price
 * @returns {number | null} null without a table
 */
export function stepAt(bands, price) {
  let step = bands[0]?.step ?? null;
  for (const band of bands) if (band.from <= price) step = band.step;
  return step;
}
