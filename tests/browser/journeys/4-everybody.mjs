// Languages, themes, sizes, keyboards and screen readers.

import assert from "node:assert/strict";

import { DESKTOP, PHONE, audit, forgive, person, signIn, until } from "../browser.mjs";
import { offer } from "../scene.mjs";

const OPEN_PAGES = ["/", "/auctions", "/alarms", "/company", "/sign-in", "/sign-up", "/outbox", "/about"];
const OWN_PAGES = [
  ...["/wallet", "/bids", "/notices", "/favourites", "/account", "/desk", "/desk/new"],
  ...["/alarms", "/alarms/new", "/alarms/ring", "/labels"],
];

/** A page that has been drawn: its heading is there and nothing is being fetched. */
async function drawn(page, path) {
  await page.goto(path);
  await page.waitForSelector("main h1", { state: "attached" });
  await page.waitForSelector("main .loading", { state: "detached" });
}

async function fits(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}

export default {
  "the language follows the browser, can be switched and is remembered": async ({ browser, base }) => {
    const page = await person(browser, { base, language: "ko" });
    await drawn(page, "/auctions");
    assert.equal(await page.getAttribute("html", "lang"), "ko");
    assert.match(await page.textContent(".segments"), /진행 중/);
    await page.click(".language");
    await until(async () => /Live/.test(await page.textContent(".segments")), "English words");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await page.reload();
    await page.waitForSelector(".segments");
    assert.match(await page.textContent(".segments"), /Upcoming/);
  },

  "light and dark follow the system, can be switched and are remembered": async ({ browser, base }) => {
    const page = await person(browser, { base, dark: true });
    await drawn(page, "/");
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();
    await page.click(".theme");
    await until(async () => (await ground()) !== dark, "the light ground");
    const light = await ground();
    await page.reload();
    assert.equal(await ground(), light);
  },

  "nothing is wider than a phone, and axe finds nothing in light and dark": async ({ browser, base }) => {
    const lot = await offer(base, { title: "For Every Eye", opening_bid: 100_000 });
    for (const [viewport, dark, language] of [
      [PHONE, true, "ko"],
      [DESKTOP, false, "en"],
    ]) {
      const page = await person(browser, { base, viewport, dark, language });
      const look = async (path) => {
        await drawn(page, path);
        assert.ok(await fits(page), `${path} fits ${viewport.width} px`);
        assert.deepEqual(await audit(page), [], path);
      };
      for (const path of [...OPEN_PAGES, `/auctions/${lot}`]) await look(path);
      await signIn(page, "clerk@madang.example", "madang-demo");
      for (const path of [...OWN_PAGES, `/auctions/${lot}`]) await look(path);
    }
  },

  "the longer words of English fit a narrow phone too": async ({ browser, base }) => {
    const page = await person(browser, { base, viewport: { width: 360, height: 740 } });
    await signIn(page, "clerk@madang.example", "madang-demo");
    for (const path of ["/", "/auctions", ...OWN_PAGES, "/operators", "/auctions/1"]) {
      await drawn(page, path);
      for (const more of await page.locator("main details.rules > summary").all()) await more.click();
      assert.ok(await fits(page), path);
    }
  },

  "the keyboard reaches the content at once and each page by its heading": async ({ browser, base }) => {
    const page = await person(browser, { base });
    await drawn(page, "/");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await page.focus('.foot a[href="/about"]');
    await page.keyboard.press("Enter");
    await until(() => page.evaluate(() => document.activeElement.tagName === "H1"), "the heading has the focus");
    await page.goBack();
    await until(async () => new URL(page.url()).pathname === "/", "back");
  },

  "a screen reader hears the price and the connection": async ({ browser, base }) => {
    const lot = await offer(base, { title: "By Ear", opening_bid: 100_000 });
    const page = await person(browser, { base });
    await drawn(page, `/auctions/${lot}`);
    assert.equal(await page.getAttribute(".badge", "role"), "status");
    assert.equal(await page.getAttribute("count-down", "role"), "timer");
    assert.equal(await page.getAttribute("count-down", "aria-live"), "off");
    const heard = page.evaluate(
      () =>
        new Promise((done) => {
          new MutationObserver(() => {
            const text = [...document.querySelectorAll("[aria-live]:not([aria-live=off])")]
              .map((region) => region.textContent)
              .join(" ");
            if (text.includes("100,000")) done(text);
          }).observe(document.body, { subtree: true, childList: true, characterData: true });
        }),
    );
    const ben = await person(browser, { base });
    await signIn(ben, "ben@madang.example", "madang-demo");
    await ben.goto("/wallet");
    await ben.click(".quick .button");
    await ben.waitForSelector(".toast.good");
    await ben.goto(`/auctions/${lot}`);
    await ben.click(".step.primary");
    assert.match(await heard, /100,000/);
  },

  "an unknown address is told kindly": async ({ browser, base }) => {
    const page = await person(browser, { base });
    const answer = await page.goto("/no/such/place");
    assert.equal(answer.status(), 404);
    await page.waitForSelector("main h1");
    assert.match(await page.textContent("main h1"), /Nothing was found/);
    forgive(/404/);
  },
};
