// Money is whole minor units of a currency, as the server counts it. Nothing here ever computes with fractions.

const exponents = new Map();

/** How many decimals a currency shows: 0 for KRW, 2 for USD. */
export function exponentOf(currency) {
  let exponent = exponents.get(currency);
  if (exponent === undefined) {
    exponent = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
    exponents.set(currency, exponent);
  }
  return exponent;
}

const formats = new Map();

/**
 * An amount for people, such as ₩1,250,000 or $12.50.
 * @param {number} amount minor units
 * @param {string} currency ISO 4217
 * @param {string} locale
 */
export function formatMoney(amount, currency, locale) {
  const name = `${locale} ${currency}`;
  let format = formats.get(name);
  if (!format) {
    format = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    formats.set(name, format);
  }
  const exponent = exponentOf(currency);
  return format.format(exponent === 0 ? amount : `${decimal(amount, exponent)}`);
}

/** The digits of an amount without its currency, with separators: for inputs. */
export function formatDigits(amount, currency, locale) {
  const exponent = exponentOf(currency);
  const options = { minimumFractionDigits: exponent, maximumFractionDigits: exponent };
  return new Intl.NumberFormat(locale, options).format(exponent === 0 ? amount : decimal(amount, exponent));
}

function decimal(amount, exponent) {
  const digits = String(Math.abs(amount)).padStart(exponent + 1, "0");
  const cut = digits.length - exponent;
  return `${amount < 0 ? "-" : ""}${digits.slice(0, cut)}.${digits.slice(cut)}`;
}

/** What may come in: far below where JavaScript numbers stop being exact. */
const MAX_AMOUNT = 1e15;

/**
 * Reads what a person typed. Korean shorthand is understood: "150만" is 1,500,000 won.
 * @param {string} text
 * @param {string} currency
 * @returns {number | null} minor units, or null where it is no positive amount of that currency
 */
export function parseMoney(text, currency) {
  const plain = text
    .normalize("NFKC")
    .replace(/[\s,_']/g, "")
    .replace(/^[₩$€£¥]|원$/g, "");
  const short = /^(\d+)(만|억)$/.exec(plain);
  const exponent = exponentOf(currency);
  if (short) return inRange(Number(short[1]) * (short[2] === "만" ? 1e4 : 1e8) * 10 ** exponent);
  const parts = /^(\d+)(?:\.(\d*))?$/.exec(plain);
  if (!parts) return null;
  const [, whole, fraction = ""] = parts;
  if (fraction.length > exponent) return null;
  return inRange(Number(whole + fraction.padEnd(exponent, "0")));
}

function inRange(amount) {
  return Number.isSafeInteger(amount) && amount > 0 && amount <= MAX_AMOUNT ? amount : null;
}
