// Sending files to a campaign: announced, put where the server says, confirmed, then watched while it is worked up.

import { api } from "./api.js";
import { zipParts } from "./zip.js";

const LOOK_EVERY = 1200;
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

/**
 * Looks at an upload until it is settled.
 * @param {number} campaign
 * @param {number} upload
 * @param {(view: any) => void} seen
 * @param {AbortSignal} signal
 */
export async function follow(campaign, upload, seen, signal) {
  while (!signal.aborted) {
    const view = await api("GET", `/campaigns/${campaign}/uploads/${upload}`, { signal });
    seen(view);
    if (["done", "failed", "expired"].includes(view.state)) return;
    await new Promise((wait) => setTimeout(wait, LOOK_EVERY));
  }
}
