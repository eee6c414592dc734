// A draw repeated in the browser from its proof: the same rule as the server's `domain/src/draw`, whose words are the
// specification. Pure but for SubtleCrypto, which browsers offer on https and on this machine itself.

const FRACTION = 48n;
const PLAIN = /^[A-Za-z0-9_-]{1,64}$/;

/** Why a proof does not hold: `step` names what was compared. */
export class Flaw extends Error {
  constructor(step) {
    super(`the proof does not hold: ${step}`);
    this.step = step;
  }
}

const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const sha256 = (data) => crypto.subtle.digest("SHA-256", data);

/** Whether this browser can check a proof here. */
export const canVerify = () => Boolean(globalThis.crypto?.subtle);

/** The one text of a frozen list. */
export function listText({ announced, tickets }) {
  const { name, commitment, prizes, one_per_holder, beacon } = announced;
  const lines = [
    "madang draw 1",
    `name ${name}`,
    `commitment ${commitment}`,
    `prizes ${prizes}`,
    `one per holder ${one_per_holder ? "yes" : "no"}`,
    `beacon ${beacon ? `${beacon.source} ${beacon.round}` : "-"}`,
    `tickets ${tickets.length}`,
    ...tickets.map(({ number, holder, weight = 1, nonce = "" }) => `${number} ${holder} ${weight} ${nonce || "-"}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** `log2(x)` for `x` in 1..2^64, rounded down to 48 binary digits after the point, as a whole number. */
export function log2(x) {
  const whole = BigInt(x.toString(2).length - 1);
  let rest = whole > 63n ? x >> (whole - 63n) : x << (63n - whole);
  let log = whole;
  for (let digit = 0n; digit < FRACTION; digit += 1n) {
    rest = (rest * rest) >> 63n;
    const one = rest >> 64n;
    rest >>= one;
    log = (log << 1n) | one;
  }
  return log;
}

/** Lowest cost first; of equal costs the higher score, then the lower number. */
function order(a, b) {
  const mine = a.cost * b.weight;
  const theirs = b.cost * a.weight;
  if (mine !== theirs) return mine < theirs ? -1 : 1;
  if (a.score !== b.score) return a.score > b.score ? -1 : 1;
  return a.number - b.number;
}

function checkShape({ version, announced, tickets, winners }) {
  if (version !== 1 || !announced || !Array.isArray(tickets) || !Array.isArray(winners)) throw new Flaw("version");
  const names = [...String(announced.name).split(":"), ...(announced.beacon ? [announced.beacon.source] : [])];
  if (!names.every((name) => PLAIN.test(name))) throw new Flaw("list");
  tickets.forEach(({ number, weight = 1, nonce = "" }, place) => {
    const after = place === 0 || tickets[place - 1].number < number;
    if (!after || !Number.isSafeInteger(number) || !(weight >= 1) || (nonce !== "" && !PLAIN.test(nonce))) {
      throw new Flaw("list");
    }
  });
}

/**
 * Repeats a draw. Resolves with the steps that were compared; rejects with a {@link Flaw}.
 * @param {any} proof as `GET /raffles/{id}/proof` gives it
 * @param {{commitment?: string, list_hash?: string}} [seen] what this page saw before the draw
 */
export async function verify(proof, seen = {}) {
  checkShape(proof);
  const { announced, tickets, winners } = proof;
  const commitment = hex(await sha256(bytes(proof.seed)));
  if (commitment !== announced.commitment || (seen.commitment && seen.commitment !== commitment)) throw new Flaw("seed");
  const hash = hex(await sha256(utf8(listText(proof))));
  if (hash !== proof.list_hash || (seen.list_hash && seen.list_hash !== hash)) throw new Flaw("list");
  if (Boolean(announced.beacon) !== Boolean(proof.beacon_value)) throw new Flaw("beacon");
  const material = await sha256(utf8(`madang draw key 1\n${hash}\n${proof.seed}\n${proof.beacon_value ?? "-"}\n`));
  const key = await crypto.subtle.importKey("raw", material, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const ranked = await Promise.all(
    tickets.map(async ({ number, holder, weight = 1 }) => {
      const score = hex(await crypto.subtle.sign("HMAC", key, utf8(String(number))));
      const cost = (64n << FRACTION) - log2(BigInt(`0x${score.slice(0, 16)}`) + 1n);
      return { number, holder, weight: BigInt(weight), score, cost };
    }),
  );
  ranked.sort(order);
  const lucky = new Set();
  const drawn = ranked
    .filter(({ holder }) => !announced.one_per_holder || (!lucky.has(holder) && lucky.add(holder)))
    .slice(0, announced.prizes);
  const same =
    drawn.length === winners.length &&
    drawn.every(({ number, holder }, place) => {
      const winner = winners[place];
      return winner.prize === place + 1 && winner.ticket === number && winner.holder === holder;
    });
  if (!same) throw new Flaw("winners");
  return { tickets: tickets.length, winners: winners.length, list_hash: hash };
}
