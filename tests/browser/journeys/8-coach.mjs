// A question, its answer word by word: in two tabs, over a cut network, over a killed server, stopped, continued, found again.

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { audit, forgive, PHONE, person, signIn, until } from "../browser.mjs";
import { call, Server, tokenOf } from "../server.mjs";

const DEMO = "madang-demo";
const ADMIN = ["coach-admin@madang.example", "a good password"];
const GONE = /ERR_|WebSocket|Failed to load resource|network/i;

/** A language model that says a word whenever it is told to, in the protocol that all of them speak. */
function model() {
  const open = new Set();
  let said = 0;
  const chunk = (delta, finish_reason = null) =>
    `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", model: "stand-in", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chunk({ role: "assistant", content: "" }));
    open.add(response);
    response.on("close", () => open.delete(response));
  });
  return {
    start: () => new Promise((done) => server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}/v1`))),
    open,
    say: (words) => {
      for (const response of open) for (let n = 0; n < words; n += 1) response.write(chunk({ content: `word${(said += 1)} ` }));
    },
    finish: () => {
      for (const response of open) response.end(`${chunk({ content: "**The end** [1].\n" })}${chunk({}, "stop")}data: [DONE]\n\n`);
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const text = (page) => page.textContent(".chat-turn:last-child .chat-answer");
const stage = (page) => page.getAttribute(".chat-turn:last-child", "data-stage");
const words = async (page) => ((await text(page)).match(/word\d+/g) ?? []).map((word) => Number(word.slice(4)));

/** Every word once, in order, from the first of this answer on. */
async function whole(page) {
  const found = await words(page);
  assert.deepEqual(found, found.map((_, place) => found[0] + place));
  return found.length;
}

async function ask(page, question) {
  await page.fill(".chat-composer textarea", question);
  await page.click(".chat-composer button[type=submit]");
}

export default {
  "an answer is the same in two tabs, over a cut network and over a killed server": async ({ browser }) => {
    const upstream = model();
    process.env.MADANG__LLM__URL = await upstream.start();
    process.env.MADANG__LLM__MODEL = "stand-in";
    // The model here is silent while the pages are looked at, however long that takes.
    process.env.MADANG__LLM__STALL_TIMEOUT_MS = "250000";
    const server = await Server.make();
    try {
      await server.start();
      const { base } = server;
      await server.admin(...ADMIN);
      const token = await tokenOf(base, ...ADMIN);
      await call(base, "POST", "/knowledge/articles", {
        token,
        body: { title: "Breathing for runners", sections: [{ heading: "", text: "Breathe slowly and deeply while you are running." }] },
      });
      const one = await person(browser, { base });
      await signIn(one, "anna@madang.example", DEMO);
      await one.goto("/chats");
      await one.click("button[value=running-coach]");
      await one.waitForSelector(".chat-composer");
      const path = new URL(one.url()).pathname;
      assert.deepEqual(await audit(one), []);
      const two = await one.context().newPage();
      await two.goto(`${base}${path}`);
      await two.waitForSelector(".chat-composer");

      await ask(one, "How do I breathe while running?");
      await until(() => upstream.open.size === 1, "the model is asked", 60_000);
      upstream.say(30);
      await until(async () => (await words(one)).length >= 29, "the first words");
      await until(async () => (await text(two)) === (await text(one)), "the other tab has them, too");
      // The network is cut in the middle, and the words go on.
      await two.context().setOffline(true);
      upstream.say(30);
      await new Promise((done) => setTimeout(done, 300));
      upstream.say(30);
      await two.context().setOffline(false);
      await until(async () => (await words(one)).length >= 89 && (await words(two)).length >= 89, "both have all", 60_000);
      await whole(one);
      await whole(two);
      // A reload in the middle goes on where it was.
      await two.reload();
      await until(async () => (await words(two)).length >= 89, "the reloaded tab has all");
      upstream.finish();
      await until(async () => (await stage(one)) === "done" && (await stage(two)) === "done", "the end");
      assert.equal(await text(one), await text(two));
      assert.equal(await one.textContent(".chat-answer strong"), "The end");
      await one.click(".cite");
      await one.waitForSelector(".chat-aside .chosen blockquote");
      assert.match(await one.textContent(".chat-aside .chosen"), /Breathe slowly/);
      assert.deepEqual(await audit(one), []);

      // Stopped from the other tab; the text stays and can be continued.
      await ask(one, "And how do I breathe uphill while running?");
      await until(() => upstream.open.size === 1, "the model is asked again", 60_000);
      upstream.say(20);
      await until(async () => (await words(two)).length >= 19, "its words");
      await two.click("[data-action=stop]");
      await until(() => upstream.open.size === 0, "the call upstream is over");
      await until(async () => (await stage(one)) === "stopped" && (await stage(two)) === "stopped", "both know");
      assert.ok((await whole(one)) >= 19);

      // The server is killed in the middle of the rest.
      await one.click(".chat-turn:last-child [data-action=continue]");
      await until(() => upstream.open.size === 1, "the rest is asked for", 60_000);
      upstream.say(40);
      await until(async () => (await words(one)).length >= 55, "more words");
      await server.kill();
      await server.start();
      await until(async () => (await stage(one)) === "interrupted" && (await stage(two)) === "interrupted", "it was interrupted", 90_000);
      assert.equal(await text(one), await text(two));
      assert.ok((await whole(one)) >= 19, "nothing that was kept is lost");
      await one.click(".chat-turn:last-child [data-action=continue]");
      await until(() => upstream.open.size === 1, "the rest is asked for again", 60_000);
      upstream.finish();
      await until(async () => (await stage(two)) === "done", "it is whole", 60_000);
      assert.equal(await text(one), await text(two));

      // It is found again, on a phone and in Korean.
      const phone = await person(browser, { base, language: "ko", viewport: PHONE });
      await signIn(phone, "anna@madang.example", DEMO);
      await phone.goto("/chats");
      await phone.fill(".chat-side input[type=search]", "uphill");
      await until(async () => (await phone.locator(".chat-list li").count()) === 1, "the search finds it");
      await phone.click(".chat-list a");
      await phone.waitForSelector(".chat-turn:last-child[data-stage=done]");
      assert.deepEqual(await audit(phone), []);
      // Before their server goes: pages that are left open would complain of it.
      await Promise.all([one, phone].map((page) => page.context().close()));
      forgive(GONE);
    } finally {
      upstream.stop();
      delete process.env.MADANG__LLM__URL;
      delete process.env.MADANG__LLM__MODEL;
      await server.remove();
    }
  },
};
