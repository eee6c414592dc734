// What is behind the coach: an admin makes an assistant; a person agrees that questions are kept, and has keys for programs.

import assert from "node:assert/strict";

import { audit, DESKTOP, PHONE, person, signIn, until } from "../browser.mjs";
import { call, tokenOf } from "../server.mjs";

const DEMO = "madang-demo";
const ADMIN = ["admin@madang.example", DEMO];

async function switchConsent(page, on) {
  await page.goto("/account");
  const box = page.locator("#consent-prompts");
  await box.waitFor();
  if ((await box.isChecked()) !== on) await box.click();
  await page.waitForSelector(".toast.good");
  await until(async () => (await box.isChecked()) === on && (await box.isEnabled()), "the switch is set");
}

export default {
  "an admin makes an assistant, changes it, and takes it away": async ({ browser, base }) => {
    const admin = await person(browser, { base });
    await signIn(admin, ...ADMIN);
    await admin.goto("/admin/assistants");
    await until(async () => (await admin.locator(".articles li").count()) >= 3, "the assistants");
    assert.deepEqual(await audit(admin), []);
    await admin.click("a[href='/admin/assistants/new']");
    await admin.waitForSelector("[name=title_ko]");
    assert.deepEqual(await audit(admin), []);
    await admin.click("form button[type=submit]");
    assert.ok(await admin.locator(".field-error:visible").count(), "what is missing is named");
    await admin.fill("[name=name]", "swim-coach");
    await admin.fill("[name=title_ko]", "수영 코치");
    await admin.fill("[name=title_en]", "Swimming coach");
    await admin.fill("[name=instructions]", "You talk about swimming and nothing else.");
    await admin.fill("[name=tags]", "water, lanes");
    await admin.fill("[name=temperature]", "0.45");
    await admin.check("[name=health]");
    await admin.click("form button[type=submit]");
    await admin.waitForSelector("a[href='/admin/assistants/swim-coach']");

    // On a phone and in Korean it is there as it was written, and is changed.
    const phone = await person(browser, { base, language: "ko", viewport: PHONE });
    await signIn(phone, ...ADMIN);
    await phone.goto("/admin/assistants");
    await phone.click("a[href='/admin/assistants/swim-coach']");
    await phone.waitForSelector("[name=instructions]");
    assert.equal(await phone.textContent("h1"), "수영 코치");
    assert.equal(await phone.inputValue("[name=tags]"), "water, lanes");
    assert.equal(await phone.inputValue("[name=temperature]"), "0.45");
    assert.deepEqual(await audit(phone), []);
    await phone.fill("[name=max_chars]", "400");
    await phone.click("form button[type=submit]");
    await phone.waitForSelector(".toast.good");
    const { items } = await call(base, "GET", "/assistants", { token: await tokenOf(base, ...ADMIN) });
    const made = items.find(({ name }) => name === "swim-coach");
    assert.deepEqual([made.max_chars, made.health, made.tags], [400, true, ["water", "lanes"]]);

    // People can talk to it, until it is taken away.
    const anna = await person(browser, { base, viewport: DESKTOP });
    await signIn(anna, "anna@madang.example", DEMO);
    await anna.goto("/chats");
    await anna.waitForSelector("button[value=swim-coach]");
    await admin.click("a[href='/admin/assistants/swim-coach']");
    await admin.click(".button.danger");
    await admin.click("dialog .button.danger");
    await until(async () => (await admin.locator("a[href='/admin/assistants/swim-coach']").count()) === 0, "it is gone");
    await anna.goto("/admin/assistants");
    await until(async () => (await anna.locator("h1").count()) === 1, "she is told that it is not hers");
    assert.equal(await anna.locator(".articles").count(), 0);
  },

  "questions are kept of who agrees, until they do so no longer": async ({ browser, base }) => {
    const anna = await person(browser, { base });
    await signIn(anna, "anna@madang.example", DEMO);
    await anna.goto("/account");
    await anna.waitForSelector("#consent-prompts");
    assert.equal(await anna.isChecked("#consent-prompts"), false, "off until switched on");
    assert.deepEqual(await audit(anna), []);
    await switchConsent(anna, true);
    const token = await tokenOf(base, "anna@madang.example", DEMO);
    const { id } = await call(base, "POST", "/chats", { token, body: { assistant: "running-coach" } });
    const asked = await fetch(`${base}/api/v1/chats/${id}/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ text: "Call 010-1234-5678: how do I breathe?" }),
    });
    assert.equal(asked.status, 202);

    const admin = await person(browser, { base, language: "ko", viewport: PHONE });
    await signIn(admin, ...ADMIN);
    await until(async () => {
      await admin.goto("/admin/prompts");
      await admin.waitForSelector(".prompt, .empty");
      return (await admin.locator(".prompt").count()) > 0;
    }, "the question is kept", 60_000);
    const kept = await admin.textContent(".prompt");
    assert.ok(kept.includes("[phone]") && !kept.includes("1234"), kept);
    assert.deepEqual(await audit(admin), []);

    await switchConsent(anna, false);
    await admin.reload();
    await admin.waitForSelector(".empty");
  },

  "a key is shown once, opens the coach to programs, and is removed": async ({ browser, base }) => {
    const anna = await person(browser, { base, language: "ko", viewport: PHONE });
    await signIn(anna, "anna@madang.example", DEMO);
    await anna.goto("/account");
    await anna.click("a[href='/account/keys']");
    await anna.waitForSelector(".empty");
    assert.deepEqual(await audit(anna), []);
    await anna.fill("[name=name]", "내 시계");
    await anna.click("form button[type=submit]");
    await anna.waitForSelector(".fresh-key:not([hidden]) #new-key");
    const key = await anna.inputValue("#new-key");
    assert.match(key, /^mdk-/);
    assert.deepEqual(await audit(anna), []);
    const models = () => fetch(`${base}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await models()).status, 200);
    await anna.reload();
    await anna.waitForSelector(".key-row");
    assert.equal(await anna.locator("#new-key").count(), 0, "it is not shown again");
    assert.ok((await anna.textContent(".key-row")).includes(key.slice(-4)));
    await anna.click(".key-row button");
    await anna.click("dialog .button.danger");
    await until(async () => (await anna.locator(".key-row").count()) === 0, "it is gone");
    assert.equal((await models()).status, 401);
  },
};
