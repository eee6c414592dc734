// Lots for the journeys, made by the demo's clerk over the API.

import { boxesFile, numbers, zip } from "./picture.mjs";
import { call, tokenOf } from "./server.mjs";

const CLERK = ["clerk@madang.example", "madang-demo"];
const HOUR_MS = 3_600_000;

/**
 * Offers and opens a lot that ends in an hour.
 * @param {string} base
 * @param {{title: string, opening_bid: number, rules?: object}} lot
 * @returns {Promise<number>} its number
 */
export async function offer(base, { title, opening_bid, rules }) {
  const token = await tokenOf(base, ...CLERK);
  const artwork = await call(base, "POST", "/artworks", {
    token,
    body: { title, artist: "Test Hand", medium: "Ink on paper" },
  });
  const body = {
    artwork_id: artwork.id,
    currency: "KRW",
    opening_bid,
    ends_at: new Date(Date.now() + HOUR_MS).toISOString(),
    preset: "timed",
    rules,
  };
  const { id } = await call(base, "POST", "/auctions", { token, body });
  await call(base, "POST", `/auctions/${id}/open`, { token, body: {} });
  return id;
}

const COMPANY = ["company@madang.example", "madang-demo"];
const OPERATOR = ["admin@madang.example", "madang-demo"];
const TASKS_WITHIN = 60_000;

/**
 * A running campaign of the demo's company with one picture of numbers, and no other that gives out tasks beside it.
 * @param {string} base
 * @param {{name: string, lines: string[], stop: object}} campaign
 * @returns {Promise<number>} its number
 */
export async function campaign(base, { name, lines, stop }) {
  const token = await tokenOf(base, ...COMPANY);
  const { items } = await call(base, "GET", "/campaigns?limit=100", { token });
  for (const { id } of items.filter(({ state }) => state === "in_progress")) {
    await call(base, "POST", `/campaigns/${id}/pause`, { token, body: {} });
  }
  const rules = { kind: "ocr", instructions: "Type the number", stop, gold_bp: 0 };
  const { id } = await call(base, "POST", "/campaigns", { token, body: { name, rules } });
  const operator = await tokenOf(base, ...OPERATOR);
  await call(base, "POST", `/campaigns/${id}/approve`, { token: operator, body: {} });
  const { png, boxes } = numbers(lines);
  const bytes = zip([
    { name: "till.png", bytes: png },
    { name: "till.csv", bytes: boxesFile(boxes) },
  ]);
  const announced = { name: "till.zip", type: "application/zip", bytes: bytes.length };
  const { upload, put } = await call(base, "POST", `/campaigns/${id}/uploads`, { token, body: announced });
  const sent = await fetch(new URL(put.url, base), { method: put.method, headers: put.headers, body: bytes });
  if (!sent.ok) throw new Error(`the upload was not taken: ${sent.status} ${await sent.text()}`);
  await call(base, "POST", `/campaigns/${id}/uploads/${upload.id}/complete`, { token, body: {} });
  for (const end = Date.now() + TASKS_WITHIN; ;) {
    const { progress } = await call(base, "GET", `/campaigns/${id}`, { token });
    if (progress.tasks === lines.length) return id;
    if (Date.now() > end) throw new Error(`campaign ${id} never had its tasks`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** One answer of a person over the API, to whatever task they get. */
export async function labelOnce(base, email, answer) {
  const token = await tokenOf(base, email, "madang-demo");
  const { task } = await call(base, "POST", "/labels/next", { token, body: {} });
  const { campaign, lease, fence } = task;
  return call(base, "POST", "/labels/answer", { token, body: { campaign, lease, fence, answer } });
}

/**
 * An alarm of a person that rings now, and needs one answer.
 * @returns {Promise<() => Promise<any>>} reads the person's clock
 */
export async function ringNow(base, email) {
  const token = await tokenOf(base, email, "madang-demo");
  const body = { time: "06:30", days: ["mon"], title: "Early train", mission: true, answers: 1 };
  const { number } = await call(base, "POST", "/alarms", { token, body });
  await call(base, "POST", `/alarms/${number}/try`, { token });
  return () => call(base, "GET", "/alarms", { token });
}

/** Stops whatever rings at a person's bed. */
export async function emergency(base, email) {
  const token = await tokenOf(base, email, "madang-demo");
  return call(base, "POST", "/alarms/session/emergency", { token, body: {} });
}
