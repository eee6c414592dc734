// The browser tests: the modules of the pages by themselves, then the real server in a real browser.
//
// Builds nothing. MADANG_BIN is the server's binary (default: the debug build), CHROMIUM the browser (default: the one on
// the PATH). Names on the command line choose journeys. The last line counts; the exit code says whether all passed.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";

const HERE = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
/** How long one journey may take, in milliseconds. */
const JOURNEY_WITHIN = 300_000;
/** How long a failed page may take to say what it shows, in milliseconds, and how many characters of it are kept. */
const TEXT_WITHIN = 2_000;
const SCENE = 600;

let passed = 0;
let failed = 0;

function told(name, error) {
  if (error) failed += 1;
  else passed += 1;
  console.log(
    `${error ? "FAILED" : "ok    "} ${name}${error ? `\n       ${String(error.stack ?? error).replaceAll("\n", "\n       ")}` : ""}`,
  );
}

async function unit() {
  const files = readdirSync(join(HERE, "unit")).map((name) => join(HERE, "unit", name));
  const events = run({ files, concurrency: true });
  // A file is reported as a test too, on the outermost level: only what is in it counts.
  const count = (error) => (event) =>
    event.name !== event.file && !files.includes(event.name) && told(event.name, error(event));
  events.on(
    "test:pass",
    count(() => null),
  );
  events.on(
    "test:fail",
    count(({ details }) => details.error?.cause ?? details.error ?? new Error("failed")),
  );
  for await (const _ of events);
}

function within(work, name) {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`${name} took too long`)), JOURNEY_WITHIN)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function journeys(wanted) {
  const { complaints, findBrowser, launch } = await import("./browser.mjs");
  const { Server } = await import("./server.mjs");
  const path = findBrowser();
  if (!path) throw new Error("no Chromium was found: apt-get install chromium fonts-noto-cjk");
  const modules = await Promise.all(
    readdirSync(join(HERE, "journeys"))
      .sort()
      .map((name) => import(`./journeys/${name}`)),
  );
  const browser = await launch(path);
  const server = await Server.make();
  try {
    await server.start();
    for (const [name, journey] of modules.flatMap((module) => Object.entries(module.default))) {
      if (wanted.length && !wanted.some((part) => name.includes(part))) continue;
      await server.revive();
      complaints.length = 0;
      try {
        await within(journey({ browser, server, base: server.base }), name);
        if (complaints.length) throw new Error(`the browser complained:\n${complaints.join("\n")}`);
        told(name, null);
      } catch (error) {
        await photograph(browser, name);
        told(name, new Error(`${error.stack ?? error}\n${await scenes(browser)}\n${complaints.join("\n")}`));
      } finally {
        for (const context of browser.contexts()) await context.close();
      }
    }
  } finally {
    await browser.close();
    await server.remove();
  }
}

/** What the pages say at this moment: all that a failure far away leaves to be read. */
async function scenes(browser) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  const told = pages.map(async (page) => {
    const text = await page.innerText("main", { timeout: TEXT_WITHIN }).catch((error) => `(${error.message})`);
    return `${page.url()}: ${text.replaceAll(/\s+/g, " ").slice(0, SCENE)}`;
  });
  return (await Promise.all(told)).join("\n");
}

/** Where a failure is to be seen: BROWSER_SHOTS names a folder. */
async function photograph(browser, name) {
  if (!process.env.BROWSER_SHOTS) return;
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [n, page] of pages.entries()) {
    await page
      .screenshot({ path: join(process.env.BROWSER_SHOTS, `${name.replaceAll(/\W+/g, "-")}-${n}.png`) })
      .catch(() => {});
  }
}

await unit();
try {
  await journeys(process.argv.slice(2));
} catch (error) {
  const missing = error.code === "ERR_MODULE_NOT_FOUND" || /no Chromium was found/.test(error.message);
  if (missing && !process.env.CI) console.log(`skipped: the journeys in the browser (${error.message})`);
  else told("the journeys can be made", error);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
