// The HTTP side of the API.

/** Why a request failed: the server's problem document, or `net.unreachable`. */
export class Problem extends Error {
  constructor({ code, message, status = 0, detail = null }) {
    super(message);
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}

let identity = { token: async () => null, renew: async () => null };

/** The session tells how to sign requests. */
export function signWith(source) {
  identity = source;
}

/**
 * Asks the API. Signs with the access token where there is one, and once more after renewing it where it had expired.
 * @param {"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path below /api/v1
 * @param {{body?: any, file?: Blob, key?: string, signal?: AbortSignal, anonymous?: boolean}} [options] `file`: bytes instead of a
 *   document; `key`: the idempotency key
 * @returns {Promise<any>} the document, or null for an empty answer
 */
export async function api(method, path, options = {}) {
  const token = options.anonymous ? null : await identity.token();
  try {
    return await ask(method, path, options, token);
  } catch (problem) {
    if (!token || problem.status !== 401 || options.anonymous) throw problem;
    const renewed = await identity.renew();
    if (!renewed) throw problem;
    return ask(method, path, options, renewed);
  }
}

async function ask(method, path, { body, file, key, signal }, token) {
  const headers = { accept: "application/json" };
  if (file) headers["content-type"] = "application/octet-stream";
  else if (body !== undefined) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  if (key) headers["idempotency-key"] = key;
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      signal,
      credentials: "same-origin",
      body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ code: "net.unreachable", message: "The server cannot be reached." });
  }
  if (response.status === 204) return null;
  const document = await response.json().catch(() => null);
  if (response.ok) return document;
  throw new Problem({ code: `http.${response.status}`, message: response.statusText, ...document, status: response.status });
}

/** A query string without what is empty. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}
