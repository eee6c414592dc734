// Companies: from the first form to results, with an operator's word and a person's eye.

import assert from "node:assert/strict";

import { DESKTOP, PHONE, audit, person, signIn, until } from "../browser.mjs";
import { boxesFile, numbers } from "../picture.mjs";
import { campaign, labelOnce } from "../scene.mjs";

const DEMO = "madang-demo";
/** Two people must say the same; if they do not, a person must look. */
const TWO_ALIKE = { quorum: { min_votes: 2, agreement_bp: 10_000, max_votes: 2 } };

async function drawn(page, path) {
  await page.goto(path);
  await page.waitForSelector("main h1", { state: "attached" });
  await page.waitForSelector("main .loading", { state: "detached" });
}

export default {
  "a company asks, uploads with progress and is told what is wrong; an operator approves": async ({ browser, base }) => {
    const page = await person(browser, { base });
    await signIn(page, "company@madang.example", DEMO);
    await page.goto("/company");
    await page.click(".page-head a[href='/company/new']");
    await page.fill("[name=name]", "Number plates");
    await page.check("[name=care][value=quick]");
    await page.click("form button[type=submit]");
    await page.waitForSelector(".drop");
    const { png, boxes } = numbers(["123", "456", "789"]);
    await page.setInputFiles("#upload-files", [
      { name: "plates.png", mimeType: "image/png", buffer: png },
      { name: "plates.csv", mimeType: "text/csv", buffer: boxesFile(boxes) },
      { name: "torn.png", mimeType: "image/png", buffer: png.subarray(0, 200) },
    ]);
    await page.waitForSelector(".upload[data-state=done]");
    assert.match(await page.textContent(".upload"), /3 tasks/);
    assert.equal(await page.locator(".upload progress").evaluate((bar) => bar.value), 100);
    await page.waitForSelector(".fault-list li");
    assert.match(await page.textContent(".fault-list"), /torn\.png/);
    assert.deepEqual(await audit(page), []);
    await page.click(".page-head a.button");
    await page.waitForSelector(".campaign-requested");
    await page.evaluate(() => (globalThis.sameDocument = true));

    const operator = await person(browser, { base, viewport: PHONE, dark: true });
    await signIn(operator, "admin@madang.example", DEMO);
    await drawn(operator, "/admin/campaigns");
    await operator.waitForSelector(".approval:has-text('Number plates') .facts", { state: "attached" });
    assert.deepEqual(await audit(operator), []);
    await operator.click(".approval:has-text('Number plates') [data-action=approve]");
    await page.waitForSelector(".chip.campaign-in_progress");
    assert.ok(await page.evaluate(() => globalThis.sameDocument), "no reload");
  },

  "the review queue is worked off by keyboard alone": async ({ browser, base }) => {
    const id = await campaign(base, { name: "Doubtful", lines: ["1887"], stop: TWO_ALIKE });
    await labelOnce(base, "sora@madang.example", "1887");
    await labelOnce(base, "jun@madang.example", "1881");
    const page = await person(browser, { base });
    await signIn(page, "company@madang.example", DEMO);
    await page.goto(`/campaigns/${id}/review`);
    await page.waitForSelector("image-viewer.loaded");
    assert.equal(await page.locator(".choice").count(), 2);
    assert.deepEqual(await audit(page), []);
    await page.keyboard.press("e");
    await page.keyboard.type("1887");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".review-desk .empty");
    await drawn(page, `/campaigns/${id}`);
    await until(async () => /1 of 1/.test(await page.textContent("[data-figure=done]")), "it is decided");
    assert.match(await page.textContent(".result-row"), /1887/);
    const saved = page.waitForEvent("download");
    await page.click(".exports [value=csv]");
    assert.match((await saved).suggestedFilename(), /\.csv$/);
  },

  "the list of results fills by itself while answers come in": async ({ browser, base }) => {
    const stop = { quorum: { min_votes: 1, agreement_bp: 5000, max_votes: 1 } };
    const id = await campaign(base, { name: "Fresh", lines: ["77"], stop });
    const page = await person(browser, { base });
    await signIn(page, "company@madang.example", DEMO);
    await drawn(page, `/campaigns/${id}`);
    await page.click(".segments [value=decided]");
    await page.waitForSelector(".results .empty");
    await page.evaluate(() => (globalThis.sameDocument = true));
    await labelOnce(base, "mina@madang.example", "77");
    await page.waitForSelector(".result-row:has-text('77')");
    assert.ok(await page.evaluate(() => globalThis.sameDocument), "no reload");
  },

  "its pages fit a narrow phone and axe finds nothing, in both languages": async ({ browser, base }) => {
    const id = await campaign(base, { name: "For every eye", lines: ["31", "415", "92653"], stop: TWO_ALIKE });
    for (const [viewport, dark, language] of [
      [{ width: 360, height: 740 }, true, "ko"],
      [DESKTOP, false, "en"],
    ]) {
      const page = await person(browser, { base, viewport, dark, language });
      await signIn(page, "company@madang.example", DEMO);
      const paths = ["/company", "/company/new", `/campaigns/${id}`, `/campaigns/${id}/upload`, `/campaigns/${id}/review`];
      for (const path of paths) {
        await drawn(page, path);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} fits`);
        assert.deepEqual(await audit(page), [], path);
      }
      for (const tab of ["workers", "rules"]) {
        await drawn(page, `/campaigns/${id}`);
        await page.click(`#tab-${tab}`);
        await page.waitForSelector("main .loading", { state: "detached" });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${tab} fits`);
        assert.deepEqual(await audit(page), [], tab);
      }
    }
  },
};
