// The server dies and comes back under the eyes of its watchers.

import assert from "node:assert/strict";

import { deposit, forgive, person, priceIn, signIn, until } from "../browser.mjs";
import { offer } from "../scene.mjs";

const state = (page) => page.getAttribute(".badge", "data-state");

export default {
  "a killed server is survived without a reload, and a bid on its way is answered once": async ({ browser, server, base }) => {
    const lot = await offer(base, { title: "Power Cut", opening_bid: 100_000 });
    const page = await person(browser, { base });
    await signIn(page, "anna@madang.example", "madang-demo");
    await deposit(page, 3_000_000);
    await page.goto(`/auctions/${lot}`);
    await until(async () => (await state(page)) === "live", "the page is live");
    await page.evaluate(() => (globalThis.sameDocument = true));
    await page.click(".step.primary");
    await until(async () => (await priceIn(page)) === 100_000, "the first bid");

    await server.kill();
    await until(async () => (await state(page)) === "reconnecting", "the page shows that the connection is lost");
    await page.waitForSelector(".curtain:not([hidden])");
    // A raise while nobody hears it: the page keeps it and asks until it is answered.
    await page.fill(".maximum [name=max]", "190000");
    await page.click(".maximum button");
    await page.waitForSelector(".said[data-tone=wait]");

    await server.start();
    await until(async () => (await state(page)) === "live", "the page is live again", 40_000);
    await page.waitForSelector(".curtain", { state: "hidden" });
    await until(async () => /190,000/.test(await page.textContent(".standing-more")), "the raise is answered", 40_000);
    assert.equal(await priceIn(page), 100_000, "one's own raise moves no price");

    const ben = await person(browser, { base });
    await signIn(ben, "ben@madang.example", "madang-demo");
    await deposit(ben, 3_000_000);
    await ben.goto(`/auctions/${lot}`);
    await ben.click(".step.primary");
    await until(async () => (await priceIn(page)) > 100_000, "news arrive again");
    assert.ok(await page.evaluate(() => globalThis.sameDocument), "no reload");
    forgive(
      /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_SOCKET|WebSocket connection|Failed to load resource/,
    );
  },
};
