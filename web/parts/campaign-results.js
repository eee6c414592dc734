// The results of a campaign: a list, and the picture with every box on it.

import { api, query } from "../core/api.js";
import { candidates, imagePath } from "../core/campaign.js";
import { h } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { accessToken } from "../core/session.js";
import { busy, empty, toastProblem } from "./controls.js";
import { bar } from "./chart.js";
import { icon } from "./icons.js";
import { imageViewer } from "./image-viewer.js";
import { pager } from "./pager.js";

const STATES = ["all", "decided", "review", "open", "unusable", "gold"];
const FORMATS = ["json", "jsonl", "csv", "coco"];
/** Rows of a page: a list that is no longer fills up by itself. */
const PAGE = 50;
/** How long a filling list waits for more of the same, in milliseconds. */
const GATHER = 700;

/**
 * @param {number} id of the campaign
 * @param {AbortSignal} signal
 */
export function campaignResults(id, signal) {
  let state = "all";
  /** Rows seen so far, by image: the boxes that stand on the picture. */
  const seen = new Map();
  const stage = h("div", { class: "result-stage" }, empty(t("results.pick"), null));
  let viewer = null;
  let shown = null;
  const list = pager({
    list: h("ul", { class: "result-rows" }),
    fetch: async (cursor) => {
      const page = await api(
        "GET",
        `/campaigns/${id}/results${query({ state: state === "all" ? "" : state, cursor, limit: PAGE })}`,
        { signal },
      );
      for (const row of page.items) seen.set(row.task, row);
      if (!shown && page.items.length) queueMicrotask(() => look(page.items[0]));
      return page;
    },
    row: (row) => {
      const element = resultRow(row, () => look(row));
      element.firstElementChild.setAttribute("aria-pressed", String(shown?.task === row.task));
      return element;
    },
    none: () => empty(t("results.none"), null),
    signal,
  });

  function look(row) {
    shown = row;
    for (const item of list.element.querySelectorAll(".result-row"))
      item.setAttribute("aria-pressed", String(item.value === String(row.task)));
    const beside = [...seen.values()].filter((other) => other.image === row.image && other.region && other.task !== row.task);
    const boxes = beside.map((other) => ({ ...other.region, id: other.task, tone: toneOf(other.state) }));
    const picture = {
      src: imagePath(row.image),
      width: row.width,
      height: row.height,
      region: row.region,
      boxes,
      alt: t("results.picture", { task: row.task }),
      shade: false,
    };
    if (viewer && viewer.picture.src === picture.src && viewer.isConnected) {
      viewer.picture.boxes = boxes;
      viewer.look(row.region);
    } else {
      viewer = imageViewer(picture, { onchoose: (task) => look(seen.get(task)) });
    }
    viewer.onchoose = (task) => look(seen.get(task));
    if (!viewer.isConnected)
      stage.replaceChildren(h("div", { class: "result-picture" }, viewer), h("div", { class: "result-detail" }));
    stage.lastChild.replaceChildren(...detail(row));
  }

  const tabs = segments(
    STATES,
    () => state,
    (next) => {
      state = next;
      shown = null;
      seen.clear();
      list.renew();
    },
  );
  const element = h(
    "div",
    { class: "results" },
    h("div", { class: "results-bar" }, tabs, exports(id)),
    h("div", { class: "results-grid" }, stage, list.element),
  );
  let growing = null;
  /** Something new belongs on a list that is short enough to be read again as a whole. */
  const grow = () => {
    if (growing !== null || seen.size >= PAGE) return;
    growing = setTimeout(() => {
      growing = null;
      if (!signal.aborted && element.isConnected) list.renew();
    }, GATHER);
  };
  /** What the channel told of one task: its row changes where it stands. */
  const settled = (told) => {
    const row = seen.get(told.task);
    if (!row) return grow();
    const known = { state: told.state };
    for (const name of ["answer", "votes", "of", "agreement_bp", "confidence_bp", "posterior_bp"])
      if (told[name] !== null && told[name] !== undefined) known[name] = told[name];
    const next = { ...row, ...known };
    seen.set(told.task, next);
    const old = list.element.querySelector(`.result-row[value="${told.task}"]`);
    if (!old) return;
    const fresh = resultRow(next, () => look(next)).firstElementChild;
    fresh.setAttribute("aria-pressed", old.getAttribute("aria-pressed"));
    const focused = old === document.activeElement;
    old.replaceWith(fresh);
    if (focused) fresh.focus();
    if (shown?.task === told.task) look(next);
  };
  return { element, settled, grow };
}

const toneOf = (state) => (state === "decided" ? "done" : state === "review" ? "review" : "");

function resultRow(row, choose) {
  const share = row.agreement_bp ?? 0;
  const settled = row.answer ?? row.gold;
  // What most people say so far is a guess, and looks like one.
  const said = candidates(row.answers ?? []);
  const guess = said[0]?.answer ?? "…";
  return h(
    "li",
    null,
    h(
      "button",
      { type: "button", class: "result-row", value: row.task, "aria-pressed": "false", on: { click: choose } },
      h("span", { class: "figures result-number", text: `#${row.task}` }),
      h("span", { class: settled ? "result-answer" : "result-answer guess", text: settled ?? guess }),
      h("span", { class: `chip result-${row.state}`, text: t(`result.state.${row.state}`) }),
      row.of
        ? h(
            "span",
            { class: "result-share" },
            bar(share / 10_000, toneOf(row.state)),
            h("span", { class: "figures", text: t("results.votes", { votes: row.votes, of: row.of }) }),
          )
        : h("span", { class: "result-share figures", text: t("results.answers", { answers: said[0]?.of ?? 0 }) }),
    ),
  );
}

function detail(row) {
  const answers = candidates(row.answers ?? []);
  const facts = [
    [t("results.answer"), row.answer ?? row.gold ?? "–"],
    [t("results.agreement"), row.agreement_bp === undefined ? "–" : `${Math.round(row.agreement_bp / 100)}%`],
    [t("results.confidence"), row.confidence_bp === undefined ? "–" : `${Math.round(row.confidence_bp / 100)}%`],
  ];
  if (typeof row.reading?.cer === "number") facts.push([t("results.cer"), `${(row.reading.cer * 100).toFixed(1)}%`]);
  const likeliest = row.posterior?.[0];
  if (row.posterior_bp !== undefined) facts.push([t("results.posterior"), `${Math.round(row.posterior_bp / 100)}%`]);
  else if (likeliest)
    facts.push([t("results.likeliest"), `${likeliest.answer} ${Math.round(likeliest.probability * 100)}%`]);
  return [
    h(
      "dl",
      { class: "result-facts" },
      ...facts.map(([name, value]) => h("div", null, h("dt", { text: name }), h("dd", { class: "figures", text: value }))),
    ),
    answers.length > 0 &&
      h(
        "ul",
        { class: "vote-bars" },
        ...answers
          .slice(0, 6)
          .map(({ answer, count, of }) =>
            h("li", null, h("span", { text: answer }), bar(count / of), h("span", { class: "figures", text: String(count) })),
          ),
      ),
  ].filter(Boolean);
}

/** Buttons of which one is pressed. */
export function segments(names, now, choose) {
  const group = h("div", { class: "segments", role: "group", "aria-label": t("results.filter") });
  const draw = () => {
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.value === now()));
  };
  group.append(
    ...names.map((name) =>
      h("button", {
        type: "button",
        value: name,
        text: t(`result.state.${name}`),
        on: {
          click: () => {
            choose(name);
            draw();
          },
        },
      }),
    ),
  );
  draw();
  return group;
}

function exports(id) {
  const buttons = FORMATS.map((format) => {
    const button = h("button", { type: "button", class: "button small", value: format, text: t(`export.${format}`) });
    button.addEventListener("click", () => busy(button, () => download(id, format)));
    return button;
  });
  return h("div", { class: "exports", role: "group", "aria-label": t("export.title") }, icon("download"), ...buttons);
}

/** A link cannot carry the access token, so the file is fetched and then saved. */
async function download(id, format) {
  try {
    const token = await accessToken();
    const answer = await fetch(`/api/v1/campaigns/${id}/export?format=${format}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!answer.ok)
      throw { code: `http.${answer.status}`, message: answer.statusText, ...(await answer.json().catch(() => ({}))) };
    const url = URL.createObjectURL(await answer.blob());
    const ending = format === "coco" ? "coco.json" : format;
    h("a", { href: url, download: `campaign-${id}.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (problem) {
    toastProblem(problem);
  }
}
