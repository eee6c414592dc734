// From signing up to bidding against another person.

import assert from "node:assert/strict";

import { PHONE, deposit, digits, forgive, person, priceIn, signIn, until } from "../browser.mjs";
import { offer } from "../scene.mjs";

const DEMO = "madang-demo";

/** Signs up by the page; the code is read where a newcomer reads it. */
async function signUp(page, email) {
  await page.goto("/sign-up");
  await page.fill("[name=email]", email);
  await page.click("form button[type=submit]");
  await page.waitForSelector("[name=code]");
  const mails = await page.context().newPage();
  await mails.goto(`/outbox?to=${encodeURIComponent(email)}`);
  const text = await mails.textContent(".mail pre");
  await mails.close();
  await page.fill("[name=code]", /\b[A-Z0-9]{6}\b/.exec(text)[0]);
  await page.fill("[name=name]", "Dana");
  await page.fill("[name=password]", "a long enough password");
  await page.click("form button[type=submit]");
  await page.waitForSelector(".person");
}

async function leads(page) {
  return (await page.getAttribute(".standing:not([hidden])", "data-tone")) === "good";
}

export default {
  "a newcomer signs up with the code of the outbox, deposits and leads": async ({ browser, base }) => {
    const lot = await offer(base, { title: "First Light", opening_bid: 100_000 });
    const page = await person(browser, { base });
    await signUp(page, `dana-${Date.now()}@madang.example`);
    await deposit(page, "5,000,000");
    await page.goto(`/auctions/${lot}`);
    await page.click(".step.primary");
    await until(() => leads(page), "leading after the first bid");
    assert.equal(await priceIn(page), 100_000);
    assert.match(await page.textContent(".standing-more"), /100,000 held/);
    await until(async () => digits(await page.textContent(".funds")) === 4_900_000, "the hold shows in what is available");
    await page.goto("/bids");
    await page.waitForSelector(".result.leading");
  },

  "another person's bid arrives without a reload, with an outbid notice": async ({ browser, base }) => {
    const lot = await offer(base, { title: "Two Rivers", opening_bid: 100_000 });
    const anna = await person(browser, { base });
    const ben = await person(browser, { base, language: "ko", viewport: PHONE });
    await signIn(anna, "anna@madang.example", DEMO);
    await signIn(ben, "ben@madang.example", DEMO);
    await deposit(anna, 3_000_000);
    await deposit(ben, 3_000_000);
    await anna.goto(`/auctions/${lot}`);
    await ben.goto(`/auctions/${lot}`);
    await anna.evaluate(() => (globalThis.sameDocument = true));
    await anna.click(".step.primary");
    await until(() => leads(anna), "Anna leads");
    await until(async () => (await priceIn(ben)) === 100_000, "Ben sees Anna's bid");

    await ben.fill(".maximum [name=max]", "20만");
    await ben.click(".maximum button");
    await until(() => leads(ben), "Ben leads");
    await until(async () => !(await leads(anna)), "Anna sees that she is outbid");
    await anna.waitForSelector(".toast.bad");
    assert.match(await anna.textContent(".toast.bad"), /outbid/i);
    assert.equal(await priceIn(anna), 110_000);
    assert.match(await anna.textContent(".history li:first-child"), /Paddle/);
    assert.ok(await anna.evaluate(() => globalThis.sameDocument), "no reload");

    await anna.goto("/notices");
    await anna.waitForSelector(".notice.bad");
    assert.match(await anna.textContent(".notice.bad"), /Two Rivers/);
  },

  "the price of a card on the first page moves by itself": async ({ browser, base }) => {
    const lot = await offer(base, { title: "Moving Card", opening_bid: 100_000 });
    const watcher = await person(browser, { base });
    await watcher.goto("/auctions?search=Moving+Card&sort=newest");
    const price = watcher.locator(".lot-price").first();
    await until(async () => digits(await price.textContent()) === 100_000, "the opening bid");
    const ben = await person(browser, { base });
    await signIn(ben, "ben@madang.example", DEMO);
    await deposit(ben, 1_000_000);
    await ben.goto(`/auctions/${lot}`);
    await ben.click(".step >> nth=1");
    await until(() => leads(ben), "Ben leads");
    await until(async () => (await watcher.locator(".lot-bids").first().textContent()) === "1 bid", "the card counts the bid");
  },

  "a refused bid says why and what is possible": async ({ browser, base }) => {
    const lot = await offer(base, { title: "Beyond Means", opening_bid: 900_000_000 });
    const page = await person(browser, { base });
    await signUp(page, `poor-${Date.now()}@madang.example`);
    await page.goto(`/auctions/${lot}`);
    await page.click(".step.primary");
    await page.waitForSelector(".said[data-tone=bad]");
    assert.match(await page.textContent(".said"), /available balance/);
    await page.fill(".maximum [name=max]", "5");
    await page.click(".maximum button");
    assert.match(await page.textContent(".maximum .field-error"), /900,000,000/);
    await page.goto("/bids");
    await page.waitForSelector(".result.refused");
  },

  "a far too high amount is asked about once more": async ({ browser, base }) => {
    const lot = await offer(base, { title: "Slip of the Finger", opening_bid: 100_000 });
    const page = await person(browser, { base });
    await signIn(page, "anna@madang.example", DEMO);
    await page.goto(`/auctions/${lot}`);
    await page.fill(".maximum [name=max]", "90000000");
    await page.click(".maximum button");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(await page.locator(".standing:not([hidden])").count(), 0, "declined is not sent");
  },

  "signing out ends the sign-in here, and a reload keeps it otherwise": async ({ browser, base }) => {
    const page = await person(browser, { base });
    await signIn(page, "anna@madang.example", DEMO);
    await page.reload();
    await page.waitForSelector(".person");
    await page.click(".person");
    await page.click(".sign-out");
    await page.waitForSelector('.head a[href="/sign-in"]');
    await page.goto("/wallet");
    await page.waitForSelector("main h1");
    assert.match(await page.textContent("main"), /sign in/i);
    await page.goto("/sign-in");
    await page.fill("[name=email]", "anna@madang.example");
    await page.fill("[name=password]", "not the password");
    await page.click("form button[type=submit]");
    await page.waitForSelector(".form-problem:not([hidden])");
    assert.match(await page.textContent(".form-problem"), /wrong/);
    forgive(/401/);
  },
};
