// Sending files to a campaign: announced, put where the server says, confirmed, then watched while it is worked up.

import { api } from "./api.js";
import { watchChannel } from "./live.js";
import { zipParts } from "./zip.js";

/** How long to wait for the channel before an upload is asked for, in milliseconds. */
const LOOK_EVERY = 10_000;
const TYPES = { zip: "application/zip", jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp" };

/** A zip of loose files, as a file of its own. */
export async function archiveOf(files, name) {
  const read = await Promise.all(
    files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
  );
  return new File(zipParts(read), name, { type: TYPES.zip });
}

/** The type that the server is told. */
export function typeOf(file) {
  const ending = file.name.split(".").at(-1).toLowerCase();
  return TYPES[ending] ?? (file.type || "application/octet-stream");
}

/**
 * Sends one file.
 * @param {number} campaign
 * @param {File} file
 * @param {{gold_share_bp: number, progress: (sent: number, all: number) => void, signal: AbortSignal}} world `gold_share_bp`: how
 *   many of ten thousand texts that come with boxes become control tasks
 * @returns {Promise<number>} the upload's number
 */
export async function send(campaign, file, { gold_share_bp, progress, signal }) {
  const body = { name: file.name, type: typeOf(file), bytes: file.size, gold_share_bp };
  const { upload, put } = await api("POST", `/campaigns/${campaign}/uploads`, { body, key: crypto.randomUUID(), signal });
  await putBytes(put, file, progress, signal);
  await api("POST", `/campaigns/${campaign}/uploads/${upload.id}/complete`, { body: {}, key: crypto.randomUUID(), signal });
  return upload.id;
}

/** `fetch` cannot tell how much was sent; this can. */
function putBytes({ url, method = "PUT", headers = {} }, file, progress, signal) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers))
      if (!/^(content-length|host)$/i.test(name)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(loaded, total || file.size));
    request.addEventListener("load", () => (request.status < 300 ? done() : failed(problemOf(request))));
    request.addEventListener("error", () => failed({ code: "net.unreachable", message: "The upload was interrupted." }));
    request.addEventListener("abort", () => failed(new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}

function problemOf(request) {
  try {
    return { ...JSON.parse(request.responseText), status: request.status };
  } catch {
    return { code: `http.${request.status}`, message: request.statusText, status: request.status };
  }
}

/** Whether nothing more will come of an upload. */
const isOver = ({ state }) => ["done", "failed", "expired"].includes(state);

/**
 * What the channel tells of uploads, by their numbers.
 * @param {number} campaign
 * @param {AbortSignal} signal
 */
export function uploadsTold(campaign, signal) {
  const told = new EventTarget();
  const tell = (upload, view) => told.dispatchEvent(new CustomEvent(`upload-${upload}`, { detail: view }));
  watchChannel(
    `campaign:${campaign}`,
    {
      // What was told while nobody listened is asked for.
      subscribed: () => told.dispatchEvent(new Event("lost")),
      publication: ({ type, upload, ...view }) => type === "upload_went" && tell(upload, view),
    },
    signal,
  );
  return told;
}

/**
 * Stays with an upload until it is settled: the channel tells, and now and then it is asked for all the same.
 * @param {number} campaign
 * @param {number} upload
 * @param {(view: any) => void} seen
 * @param {EventTarget} told by `uploadsTold`
 * @param {AbortSignal} signal
 */
export async function follow(campaign, upload, seen, told, signal) {
  let known = null;
  const own = new AbortController();
  signal.addEventListener("abort", () => own.abort(), { once: true, signal: own.signal });
  const options = { signal: own.signal };
  let wake = () => {};
  told.addEventListener("lost", () => wake(), options);
  told.addEventListener(
    `upload-${upload}`,
    ({ detail }) => {
      if (!known || isOver(known)) return;
      known = { ...known, ...detail };
      if (isOver(detail)) wake();
      else seen(known);
    },
    options,
  );
  try {
    while (!signal.aborted) {
      known = await api("GET", `/campaigns/${campaign}/uploads/${upload}`, { signal });
      seen(known);
      if (isOver(known)) return;
      await new Promise((done) => {
        wake = done;
        const timer = setTimeout(done, LOOK_EVERY);
        own.signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
      });
    }
  } finally {
    own.abort();
  }
}
