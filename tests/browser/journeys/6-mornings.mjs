// Mornings: an alarm that is stopped by a useful answer, and one that is stopped without a connection.

import assert from "node:assert/strict";

import { DESKTOP, PHONE, audit, forgive, person, signIn, until } from "../browser.mjs";
import { campaign, emergency, ringNow } from "../scene.mjs";

const DEMO = "madang-demo";
const ONE_ANSWER = { quorum: { min_votes: 1, agreement_bp: 5000, max_votes: 3 } };
const NETWORK = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK|ERR_FAILED|WebSocket|Failed to load resource/;

export default {
  "a ringing alarm is stopped by reading a box, and the owner sees it without a reload": async ({ browser, base }) => {
    const id = await campaign(base, { name: "Till slips", lines: ["4711", "90210"], stop: ONE_ANSWER });
    const owner = await person(browser, { base });
    await signIn(owner, "company@madang.example", DEMO);
    await owner.goto(`/campaigns/${id}`);
    await owner.waitForSelector("[data-figure=done]");
    await owner.evaluate(() => (globalThis.sameDocument = true));
    assert.match(await owner.textContent("[data-figure=done]"), /0 of 2/);

    const clock = await ringNow(base, "noah@madang.example");
    const sleeper = await person(browser, { base, viewport: PHONE, language: "ko" });
    await signIn(sleeper, "noah@madang.example", DEMO);
    await sleeper.waitForSelector(".ringing-bar:not([hidden])");
    await sleeper.click(".ringing-bar");
    await sleeper.click("[data-act=start]");
    await sleeper.waitForSelector("image-viewer.loaded");
    assert.ok(await sleeper.locator(".viewer-region").isVisible(), "the box is marked on the picture");
    assert.deepEqual(await audit(sleeper), []);
    const { session } = await clock();
    await sleeper.fill("[name=answer]", session.task.card.region.top < 100 ? "4711" : "90210");
    await sleeper.keyboard.press("Enter");
    await sleeper.waitForSelector("[data-screen=done]");
    assert.match(await sleeper.textContent(".dawn"), /좋은 아침/);
    assert.equal((await clock()).session, null, "the server stopped it");

    await until(async () => /1 of 2/.test(await owner.textContent("[data-figure=done]")), "the owner's page counts the task");
    assert.ok(await owner.evaluate(() => globalThis.sameDocument), "no reload");
    await owner.waitForSelector(".result-row .result-decided");
    assert.match(await owner.textContent(".result-row:has(.result-decided)"), /4711|90210/);
  },

  "an alarm can be stopped without a connection, and the server hears of it later": async ({ browser, base }) => {
    const clock = await ringNow(base, "yuna@madang.example");
    const page = await person(browser, { base, viewport: PHONE });
    await signIn(page, "yuna@madang.example", DEMO);
    await page.goto("/alarms/ring");
    await page.waitForSelector("[data-act=snooze]");
    await page.context().setOffline(true);
    await page.waitForSelector(".ring-note:not([hidden])");
    await page.waitForSelector(".offline");
    await page.click(".emergency");
    assert.match(await page.textContent(".emergency-ask"), /streak/, "the first touch only asks");
    await page.click("[data-act=emergency]");
    await page.waitForSelector("[data-screen=done]");
    assert.ok((await clock()).session, "the server does not know yet");
    await page.context().setOffline(false);
    await until(async () => (await clock()).session === null, "the server hears of it");
    forgive(NETWORK);
  },

  "the log tells what the clock did, and one says where one is": async ({ browser, base }) => {
    await ringNow(base, "jun@madang.example");
    for (const [viewport, language] of [
      [{ width: 360, height: 740 }, "ko"],
      [DESKTOP, "en"],
    ]) {
      const page = await person(browser, { base, viewport, language });
      await signIn(page, "jun@madang.example", DEMO);
      await page.goto("/alarms/log");
      await page.waitForSelector(".log-line[data-what=rang]");
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the log fits");
      assert.deepEqual(await audit(page), []);
      await page.goto("/alarms");
      await page.waitForSelector(".zone-card:not([hidden])");
      const zone = language === "ko" ? "Europe/Berlin" : "Asia/Seoul";
      await page.selectOption(".zone-card select", zone);
      await page.waitForSelector(".toast.good");
      await page.reload();
      await until(async () => (await page.inputValue(".zone-card select")) === zone, "the zone is kept");
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the alarms fit");
      assert.deepEqual(await audit(page), []);
    }
    const page = await person(browser, { base });
    await signIn(page, "jun@madang.example", DEMO);
    await page.goto("/alarms/log");
    await page.waitForSelector(".log-line[data-what=rang]");
    await emergency(base, "jun@madang.example");
    await page.waitForSelector(".log-line.bad[data-what=stopped]");
  },

  "the pages can be installed as an app": async ({ browser, base }) => {
    const page = await person(browser, { base, viewport: PHONE });
    await page.goto("/");
    const named = await page.getAttribute("link[rel=manifest]", "href");
    const icons = await page.evaluate(async (path) => {
      const { icons } = await (await fetch(path)).json();
      const sizes = [];
      for (const { src, sizes: wanted } of icons) {
        const image = new Image();
        image.src = src;
        await image.decode();
        sizes.push([wanted, `${image.naturalWidth}x${image.naturalHeight}`]);
      }
      return sizes;
    }, named);
    assert.ok(icons.length >= 3);
    for (const [wanted, is] of icons) if (wanted !== "any") assert.equal(is, wanted);
  },

  "an alarm is set by the page, and shows when it rings": async ({ browser, base }) => {
    const page = await person(browser, { base, viewport: PHONE });
    await signIn(page, "theo@madang.example", DEMO);
    await page.goto("/alarms/new");
    await page.fill("[name=time]", "05:45");
    await page.fill("[name=title]", "Bakery");
    await page.click(".weekday-sets [value=daily]");
    await page.click("form button[type=submit]");
    await page.waitForSelector(".alarm-row");
    assert.match(await page.textContent(".alarm-row"), /05:45.*Bakery.*Every day/);
    assert.match(await page.textContent(".next-ring"), /Rings in/);
    assert.match(await page.textContent(".plan"), /No phone has stored/);
    await page.click(".plan .primary");
    await page.waitForSelector(".plan:not(.warned)");
    await page.click(".alarm-row .switch input");
    await page.waitForSelector(".alarm-row.off");
    await page.reload();
    await page.waitForSelector(".alarm-row.off");
  },
};
