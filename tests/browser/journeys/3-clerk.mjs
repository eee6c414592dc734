// A clerk runs a sale.

import assert from "node:assert/strict";

import { deposit, person, priceIn, signIn, until } from "../browser.mjs";

const DEMO = "madang-demo";
const chip = (page) => page.getAttribute(".panel .chip", "class");

export default {
  "a clerk offers, opens, pauses, resumes and closes a lot, and the winner is told": async ({ browser, base }) => {
    const clerk = await person(browser, { base });
    await signIn(clerk, "clerk@madang.example", DEMO);
    await clerk.goto("/desk");
    await clerk.click('.page-head a[href="/desk/new"]');
    await clerk.fill("[name=title]", "The Clerk's Lot");
    await clerk.fill("[name=artist]", "Test Hand");
    await clerk.fill("[name=opening]", "50,000");
    await clerk.click("form button[type=submit]");
    await clerk.waitForURL(/\/auctions\/\d+$/);
    await until(async () => (await chip(clerk)).includes("state-scheduled"), "it is offered");

    const anna = await person(browser, { base, language: "ko" });
    await signIn(anna, "anna@madang.example", DEMO);
    await deposit(anna, 1_000_000);
    await anna.goto(new URL(clerk.url()).pathname);
    await clerk.click("[data-action=open]");
    await until(async () => (await chip(anna)).includes("state-live"), "watchers see it open");
    await anna.click(".step.primary");
    await until(
      async () => (await priceIn(clerk)) === 50_000 && /1 bid/.test(await clerk.textContent(".price-facts")),
      "the clerk sees the bid",
    );

    await clerk.click("[data-action=pause]");
    await until(async () => (await chip(anna)).includes("state-paused"), "watchers see the pause");
    assert.ok(await anna.isDisabled(".step.primary"), "nobody bids in a pause");
    await clerk.click("[data-action=resume]");
    await until(async () => (await chip(anna)).includes("state-live"), "watchers see it go on");

    await clerk.click("[data-action=close]");
    await clerk.click("dialog button[value=yes]");
    await anna.waitForSelector(".outcome[data-tone=good]");
    assert.match(await anna.textContent(".outcome h2"), /50,000/);
    await anna.waitForSelector(".toast.good");
    await until(async () => /settled|sold/.test(await chip(clerk)), "the clerk sees the sale");
  },

  "who is no clerk sees no controls": async ({ browser, base }) => {
    const page = await person(browser, { base });
    await signIn(page, "ben@madang.example", DEMO);
    await page.goto("/");
    await page.click(".lot-link >> nth=0");
    await page.waitForSelector(".panel");
    assert.equal(await page.locator(".clerk:not([hidden])").count(), 0);
    await page.goto("/desk");
    assert.match(await page.textContent("main h1"), /for others/);
  },
};
