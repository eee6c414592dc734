// The browser of this machine, and people in it.

import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** How long anything on a page may take before a journey counts as failed, in milliseconds. */
const PATIENCE = 30_000;
/** Chromium now and then fails its very first start on a busy machine. */
const LAUNCH_TRIES = 3;
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 860 };
/** What a browser without network shows for pictures elsewhere. */
const GREY = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 5"><rect width="4" height="5" fill="#889"/></svg>';

/** The path of a Chromium, or null: `CHROMIUM` in the environment, else on the PATH. */
export function findBrowser() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) if (existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

export async function launch(executablePath) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await chromium.launch({ executablePath, args: ARGUMENTS });
    } catch (error) {
      if (tries === LAUNCH_TRIES) throw error;
    }
  }
}

/** Everything that went wrong in the consoles of the pages, for the journey under way. */
export const complaints = [];

/**
 * A person: a browser context of their own with one page.
 * @param {import("playwright-core").Browser} browser
 * @param {{base: string, language?: "ko" | "en", viewport?: {width: number, height: number}, dark?: boolean}} options
 */
export async function person(browser, { base, language = "en", viewport = DESKTOP, dark = false }) {
  const context = await browser.newContext({
    baseURL: base,
    viewport,
    locale: language === "ko" ? "ko-KR" : "en-US",
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE);
  // The tests need no network beyond this machine: pictures from elsewhere are a grey one.
  await context.route(
    (url) => url.origin !== base,
    (route) => route.fulfill({ contentType: "image/svg+xml", body: GREY }),
  );
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on(
    "console",
    (message) => message.type() === "error" && complaints.push(`console: ${message.text()} (${message.location().url})`),
  );
  return page;
}

/** Forgets complaints that a journey provokes on purpose, such as while the server is down. */
export function forgive(pattern) {
  for (let n = complaints.length - 1; n >= 0; n -= 1) if (pattern.test(complaints[n])) complaints.splice(n, 1);
}

/** Signs in by the page. */
export async function signIn(page, email, password) {
  await page.goto("/sign-in");
  await page.fill("[name=email]", email);
  await page.fill("[name=password]", password);
  await page.click("form button[type=submit]");
  await page.waitForSelector(".person");
}

/** Puts practice money into the wallet by the page. */
export async function deposit(page, amount) {
  await page.goto("/wallet");
  await page.fill("section[aria-labelledby=deposit] [name=amount]", String(amount));
  await page.click("section[aria-labelledby=deposit] button[type=submit]");
  await page.waitForSelector(".toast.good");
}

/** The digits of a text such as ₩1,250,000. */
export const digits = (text) => Number(text.replace(/[^\d]/g, ""));

/** The price that the room shows. */
export async function priceIn(page) {
  return digits(await page.textContent(".panel .price"));
}

/** Waits until a page shows something that `look` finds good. */
export async function until(look, what, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await Promise.resolve().then(look).catch(() => false);
    if (found) return found;
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page by WCAG 2.1 A and AA, contrast included. */
export async function audit(page) {
  // Evaluated by the browser's own protocol: as a script of the page its content policy would forbid it.
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }),
  );
  return found.violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help} (${nodes
        .slice(0, 3)
        .map((node) => node.target)
        .join("; ")})`,
  );
}
