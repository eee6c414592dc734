// The real binary on a port and in a folder of its own.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const HERE = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const BINARY = process.env.MADANG_BIN ?? resolve(HERE, "../../target/debug/madang");
/** The first start makes a database; a restart waits for the last one's postgres to go. In milliseconds. */
const START_WITHIN = 90_000;
const STOP_WITHIN = 15_000;
const LAST_WORDS = 4000;

function freePort() {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

export class Server {
  #child = null;
  #said = "";

  /** A server that is not started yet. */
  static async make() {
    const server = new Server();
    server.folder = await mkdtemp(join(tmpdir(), "madang-browser-"));
    server.port = await freePort();
    server.base = `http://127.0.0.1:${server.port}`;
    return server;
  }

  /** Starts it, also again on the same folder and port, and waits until it serves. */
  async start() {
    this.#said = "";
    const env = {
      ...process.env,
      MADANG__HTTP__BIND: `127.0.0.1:${this.port}`,
      MADANG__DATABASE__DATA_DIR: join(this.folder, "data"),
    };
    const child = spawn(BINARY, ["serve", "--demo"], { env, cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    const keep = (chunk) => (this.#said = (this.#said + chunk).slice(-LAST_WORDS));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const died = new Promise((_, failed) => {
      child.once("error", (error) => failed(new Error(`${BINARY} cannot be started: ${error.message}`)));
      child.once("exit", (code, signal) => failed(new Error(`the server ended (${code ?? signal}):\n${this.#said}`)));
    });
    died.catch(() => {});
    await Promise.race([died, this.#serving()]);
  }

  async #serving() {
    const end = Date.now() + START_WITHIN;
    while (Date.now() < end) {
      const good = await fetch(`${this.base}/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (good) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`the server did not serve within ${START_WITHIN / 1000} s:\n${this.#said}`);
  }

  /** Starts it where a journey left it dead. */
  async revive() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) await this.start();
  }

  /** Ends it without a word, as a power cut would. */
  async kill() {
    const child = this.#child;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }

  /** Makes an administrator beside the running server, as its operator would; one that is there stays. */
  async admin(email, password) {
    const env = { ...process.env, MADANG__DATABASE__DATA_DIR: join(this.folder, "data") };
    const child = spawn(BINARY, ["admin", "create", "--email", email, "--password", password], {
      env,
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    const code = await new Promise((done, failed) => child.once("error", failed).once("exit", done));
    if (code !== 0 && !said.includes("has an account already")) throw new Error(`no administrator was made: ${said}`);
  }

  /** Stops it and takes its folder away. */
  async remove() {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN);
      await gone;
      clearTimeout(late);
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

/** One request of the API, for setting the scene. */
export async function call(base, method, path, { token, body } = {}) {
  const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(`${base}/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const document = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(document)}`);
  return document;
}

/** An access token of one of the demo's people. */
export async function tokenOf(base, email, password) {
  return (await call(base, "POST", "/sessions", { body: { email, password } })).access_token;
}
