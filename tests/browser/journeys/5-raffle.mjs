// Points become stamps, stamps an entry, an entry a prize; and the draw is checked in the browser.

import assert from "node:assert/strict";

import { audit, DESKTOP, forgive, PHONE, person, signIn, until } from "../browser.mjs";
import { call, tokenOf } from "../server.mjs";

const DEMO = "madang-demo";
const ADMIN = ["raffle-admin@madang.example", "a good password"];
/** Long enough for the entries of this journey on a slow machine; the draw is two seconds later. In milliseconds. */
const OPEN_FOR = 25_000;

/** Where pictures of the pages go: RAFFLE_SHOTS names a folder. */
async function shot(page, name) {
  if (process.env.RAFFLE_SHOTS) await page.screenshot({ path: `${process.env.RAFFLE_SHOTS}/${name}.png`, fullPage: true });
}

async function openRaffle(base, fields) {
  const token = await tokenOf(base, ...ADMIN);
  const closes = Date.now() + OPEN_FOR;
  const body = {
    title: "Morning coffee",
    description: "Two cups for people who got up.",
    prizes: [
      { title: "A cup of coffee", code: "COFFEE-1" },
      { title: "A cup of tea", code: "TEA-2", expires_on: "2030-01-31" },
    ],
    closes_at: new Date(closes).toISOString(),
    draw_at: new Date(closes + 2000).toISOString(),
    ...fields,
  };
  return (await call(base, "POST", "/raffles", { token, body })).id;
}

export default {
  "points buy stamps, stamps an entry, and the draw is checked in the browser": async ({ browser, server, base }) => {
    await server.admin(...ADMIN);
    const anna = await person(browser, { base, viewport: PHONE });
    await signIn(anna, "anna@madang.example", DEMO);
    await anna.goto("/points");
    await anna.click("button[data-count='8']");
    await anna.waitForSelector(".toast.good");
    await until(async () => (await anna.locator(".stamp.full").count()) === 8, "the card is full");
    assert.deepEqual(await audit(anna), []);
    await shot(anna, "points-phone");

    const raffle = await openRaffle(base);
    const watcher = await person(browser, { base, language: "ko", dark: true });
    await watcher.goto(`/raffles/${raffle}`);
    await watcher.waitForSelector("[data-fact=entries]");
    await anna.goto("/raffles");
    await anna.click(`a[href="/raffles/${raffle}"]`);
    await anna.click(".raffle-nonce summary");
    await anna.fill("[name=nonce]", "sunrise");
    await anna.click(".raffle-enter button[type=submit]");
    await until(async () => /1 entry/.test(await anna.textContent(".raffle-own")), "anna is in");
    await until(async () => (await watcher.textContent("[data-fact=entries]")) === "1", "a watcher sees the entry");
    assert.deepEqual(await audit(watcher), []);
    await shot(anna, "raffle-open-phone");
    await shot(watcher, "raffle-open-dark-ko");
    // Another one is not paid for.
    await anna.click(".raffle-enter button[type=submit]");
    await anna.waitForSelector(".form-problem:not([hidden])");
    assert.match(await anna.textContent(".raffle-enter .form-problem"), /8 stamps/);
    forgive(/402 \(Payment Required\)/);

    // The one entrant wins the first prize, and is told without a reload.
    await anna.waitForSelector(".raffle-won:not([hidden]) code", { timeout: 90_000 });
    assert.equal(await anna.textContent(".raffle-won code"), "COFFEE-1");
    await anna.waitForSelector(".toast.good");
    await anna.click("[data-action=check]");
    await until(async () => /1 ticket and/.test(await anna.textContent(".raffle-verdict")), "the proof holds");
    await watcher.click("[data-action=check]");
    await watcher.waitForSelector(".raffle-verdict[data-tone=good]");
    assert.equal(await watcher.locator(".raffle-won:not([hidden])").count(), 0, "nobody else sees a code");
    assert.deepEqual(await audit(anna), []);
    await shot(anna, "raffle-drawn-phone");
    await shot(watcher, "raffle-drawn-dark-ko");
    await anna.goto("/points");
    await until(async () => /Won: A cup of coffee/.test(await anna.textContent("main")), "her list says so");
    await shot(anna, "points-after-phone");
  },

  "an admin opens a raffle by the page and calls it off": async ({ browser, server, base }) => {
    await server.admin(...ADMIN);
    const admin = await person(browser, { base, viewport: DESKTOP });
    await signIn(admin, ...ADMIN);
    await admin.goto("/raffles");
    await admin.click('a[href="/raffles/new"]');
    await admin.fill("[name=title]", "Tea for two");
    await admin.fill("[name=prize]", "Tea");
    await admin.fill("[name=code]", "TEA-SECRET");
    await admin.click("text=Add a prize");
    await admin.fill("[name=prize] >> nth=1", "More tea");
    await admin.fill("[name=code] >> nth=1", "TEA-SECRET-2");
    assert.deepEqual(await audit(admin), []);
    await shot(admin, "new-raffle");
    await admin.click("form button[type=submit]");
    await admin.waitForURL(/\/raffles\/\d+$/);
    await admin.waitForSelector(".raffle-prizes li >> nth=1");
    assert.ok(!(await admin.content()).includes("TEA-SECRET"));
    assert.deepEqual(await audit(admin), []);
    await shot(admin, "raffle-admin");
    await admin.click("text=Cancel the raffle");
    await admin.fill("dialog input", "no tea");
    await admin.click("dialog button[value=yes]");
    await admin.waitForSelector(".chip.raffle-cancelled");

    const ben = await person(browser, { base, language: "ko" });
    await ben.goto("/raffles?state=all");
    await ben.waitForSelector(".raffle-card");
    assert.deepEqual(await audit(ben), []);
    await shot(ben, "raffles-ko");
    await ben.goto("/raffles/new");
    await ben.waitForSelector("main h1");
    assert.equal(await ben.locator("[name=code]").count(), 0);
  },
};
