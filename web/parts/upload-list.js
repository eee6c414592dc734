// Uploads on their way: first the bytes, then the work on them, then what is wrong with single files.

import { api } from "../core/api.js";
import { announce, h, setText, show } from "../core/dom.js";
import { count, has, problemText, t } from "../core/i18n.js";
import { follow, send, uploadsTold } from "../core/uploads.js";

/** Faulty files that are listed before one asks for more. */
const FAULTS = 50;

/**
 * @param {number} campaign
 * @param {AbortSignal} signal
 */
export function uploadList(campaign, signal) {
  const list = h("ul", { class: "upload-list" });
  const note = h("div");
  const shown = new Set();
  const told = uploadsTold(campaign, signal);
  const stay = (number, row) => follow(campaign, number, row.seen, told, signal);
  const add = (name, bytes) => {
    note.replaceChildren();
    const row = uploadRow(campaign, name, bytes, signal);
    list.prepend(row.element);
    return row;
  };
  return {
    element: h("section", { "aria-label": t("upload.list") }, list, note),
    /** Sends a file and stays with it until it is settled. */
    async send(file, gold_share_bp) {
      const row = add(file.name, file.size);
      try {
        const number = await send(campaign, file, { gold_share_bp, progress: row.sent, signal });
        shown.add(number);
        await stay(number, row);
      } catch (problem) {
        if (problem?.name !== "AbortError") row.failed(problem);
      }
    },
    /** One of before, unless it is on the list: it goes on being worked up. */
    known(upload) {
      if (shown.has(upload.id)) return;
      shown.add(upload.id);
      const row = uploadRow(campaign, upload.name, upload.bytes, signal);
      list.append(row.element);
      row.seen(upload);
      if (upload.state === "working") stay(upload.id, row).catch(() => {});
    },
    nothing: (node) => list.children.length || note.replaceChildren(node),
  };
}

function uploadRow(campaign, name, bytes, signal) {
  const bar = h("progress", { max: 100, value: 0, "aria-label": name });
  const state = h("span", { class: "chip" });
  const text = h("p", { class: "hint figures", role: "status" });
  const faults = h("div", { class: "faults", hidden: true });
  const element = h(
    "li",
    { class: "card upload" },
    h("div", { class: "upload-head" }, h("strong", { text: name }), state),
    bar,
    text,
    faults,
  );
  let told = null;
  const draw = (phase, share, words) => {
    element.dataset.state = phase;
    bar.value = Math.round(share * 100);
    setText(state, t(`upload.state.${phase}`));
    setText(text, words);
    if (phase !== told && (phase === "done" || phase === "failed"))
      announce(`${name}: ${t(`upload.state.${phase}`)}. ${words}`);
    told = phase;
  };
  draw("sending", 0, sizeText(0, bytes));
  return {
    element,
    sent: (done, all) => draw("sending", all > 0 ? done / all : 0, sizeText(done, all)),
    seen(upload) {
      const files = upload.files ?? 0;
      const share = upload.state === "done" ? 1 : files > 0 ? upload.files_done / files : 0;
      draw(upload.state, share, upload.failure ? faultText(upload.failure) : workText(upload));
      if (upload.files_refused > 0 || upload.state === "done" || upload.state === "failed")
        showFaults(campaign, upload, faults, signal);
    },
    failed: (problem) => draw("failed", 0, problemText(problem)),
  };
}

function workText({ state, files, files_done, files_refused, tasks }) {
  if (state === "waiting") return t("upload.waiting");
  if (files === null || files === undefined) return t("upload.unpacking");
  const words = t("upload.worked", { done: count(files_done), files: count(files), tasks: count(tasks) });
  return files_refused > 0 ? `${words} · ${t("upload.refused", { refused: count(files_refused) })}` : words;
}

async function showFaults(campaign, upload, place, signal) {
  const known = `${upload.state}-${upload.files_refused}`;
  if (place.dataset.known === known) return;
  place.dataset.known = known;
  try {
    const { items, next } = await api("GET", `/campaigns/${campaign}/uploads/${upload.id}/faults?limit=${FAULTS}`, { signal });
    show(place, items.length > 0);
    const files = items.map(({ name, taken, faults }) =>
      h(
        "li",
        null,
        h("strong", { text: name }),
        taken && h("span", { class: "hint", text: t("upload.partlyTaken") }),
        h(
          "ul",
          null,
          ...faults.map((fault) =>
            h("li", { text: fault.line ? t("upload.line", { line: fault.line, text: faultText(fault) }) : faultText(fault) }),
          ),
        ),
      ),
    );
    place.replaceChildren(
      h(
        "details",
        { open: upload.state === "failed" || items.length <= 5 },
        h("summary", { text: t("upload.faults", { files: `${items.length}${next ? "+" : ""}` }) }),
        h("ul", { class: "fault-list" }, ...files),
      ),
    );
  } catch {
    delete place.dataset.known;
  }
}

/** A fault in this language, else in the server's own words. */
function faultText({ code, message }) {
  return has(`fault.${code}`) ? t(`fault.${code}`) : message;
}

const MIB = 1024 * 1024;

function sizeText(done, all) {
  const size = (bytes) => (bytes < MIB ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MIB).toFixed(1)} MB`);
  return done > 0 && done < all ? t("upload.sent", { done: size(done), all: size(all) }) : size(all);
}
