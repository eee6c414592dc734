// Lots for the journeys, made by the demo's clerk over the API.

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
