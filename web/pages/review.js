// The review queue: what the rule could not decide, worked off by keyboard alone.

import { api, query } from "../core/api.js";
import { candidates, imagePath } from "../core/campaign.js";
import { announce, h } from "../core/dom.js";
import { problemText, t } from "../core/i18n.js";
import { empty, loading, toastProblem } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { imageViewer } from "../parts/image-viewer.js";
import { signInFirst } from "./sign-in-first.js";

/** Answers that have a number key. */
const NUMBERED = 9;

export function reviewPage({ params, signal, title }) {
  title(t("campaign.review"));
  const gate = signInFirst();
  if (gate) return gate;
  const id = Number(params.id);
  const left = h("span", { class: "figures hint", role: "status" });
  const desk = h("div", { class: "review-desk" }, loading());
  const queue = new Queue(id, desk, left, signal);
  queue.start();
  return h(
    "section",
    { class: "wide review" },
    h(
      "header",
      { class: "page-head" },
      h("div", null, h("h1", { text: t("campaign.review") }), left),
      h("a", { class: "button quiet", href: `/campaigns/${id}` }, t("campaign.toCampaign"), icon("arrow")),
    ),
    desk,
    keys(),
  );
}

class Queue {
  #id;
  #desk;
  #left;
  #signal;
  #rows = [];
  #next = null;
  #at = 0;
  #settled = new Set();
  #busy = false;

  constructor(id, desk, left, signal) {
    this.#id = id;
    this.#desk = desk;
    this.#left = left;
    this.#signal = signal;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  async start() {
    this.#rows = [];
    this.#at = 0;
    try {
      await this.#fetch(null);
      this.#draw();
    } catch (problem) {
      if (this.#signal.aborted) return;
      const again = h("button", { class: "button quiet", text: t("action.retry"), on: { click: () => this.start() } });
      this.#desk.replaceChildren(empty(problemText(problem), null, again));
    }
  }

  async #fetch(cursor) {
    const page = await api("GET", `/campaigns/${this.#id}/review${query({ cursor, limit: 20 })}`, { signal: this.#signal });
    this.#rows.push(...page.items.filter(({ task }) => !this.#settled.has(task)));
    this.#next = page.next ?? null;
    // A page may be empty before the last.
    if (this.#rows.length <= this.#at && this.#next) await this.#fetch(this.#next);
  }

  #draw() {
    const row = this.#rows[this.#at];
    this.#left.textContent = row ? t("review.left", { left: `${this.#rows.length - this.#at}${this.#next ? "+" : ""}` }) : "";
    if (!row)
      return void this.#desk.replaceChildren(
        empty(
          t("review.none"),
          t("review.noneHint"),
          h("a", { class: "button", href: `/campaigns/${this.#id}`, text: t("campaign.toCampaign") }),
        ),
      );
    const answers = candidates(row.answers ?? []);
    const viewer = imageViewer({
      src: imagePath(row.image),
      width: row.width,
      height: row.height,
      region: row.region,
      alt: t("results.picture", { task: row.task }),
    });
    const options = answers.slice(0, NUMBERED).map(({ answer, count, of }, n) =>
      h(
        "button",
        {
          type: "button",
          class: "button choice",
          data: { answer },
          on: { click: () => this.#decide({ verdict: "accept", answer }) },
        },
        h("kbd", { text: String(n + 1) }),
        h("span", { class: "choice-text", text: answer }),
        h("span", { class: "hint figures", text: t("results.votes", { votes: count, of }) }),
      ),
    );
    const own = h("input", {
      name: "own",
      class: "task-input",
      maxlength: 500,
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": t("review.own"),
      placeholder: t("review.own"),
    });
    const form = h("form", { class: "task-form" }, own, h("button", { class: "button", type: "submit" }, t("review.accept")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (own.value.trim()) this.#decide({ verdict: "accept", answer: own.value.trim() });
    });
    const act = (letter, name, verdict) =>
      h(
        "button",
        { type: "button", class: "button quiet", data: { verdict: name }, on: { click: () => this.#decide(verdict) } },
        h("kbd", { text: letter }),
        t(`review.${name}`),
      );
    const acts = h(
      "div",
      { class: "form-actions" },
      act("U", "unusable", { verdict: "unusable" }),
      act("M", "more", { verdict: "more" }),
      h(
        "button",
        { type: "button", class: "button quiet", on: { click: () => this.#move(1) } },
        h("kbd", { text: "→" }),
        t("review.later"),
      ),
    );
    const heading = h("h2", { class: "review-number", tabindex: "-1", text: t("review.task", { task: row.task }) });
    this.#desk.replaceChildren(
      h("div", { class: "task-picture" }, viewer),
      h(
        "div",
        { class: "review-side" },
        heading,
        row.nearest && h("p", { class: "hint nearest", text: t("review.nearest", { text: row.nearest.text }) }),
        row.machine && h("p", { class: "hint", text: t("review.machine", { text: row.machine }) }),
        h("div", { class: "choices" }, ...options),
        form,
        acts,
      ),
    );
    announce(
      `${t("review.task", { task: row.task })}. ${answers.map(({ answer, count }, n) => `${n + 1}: ${answer}, ${count}`).join(". ")}`,
    );
  }

  #move(step) {
    const to = Math.max(0, this.#at + step);
    const more = to >= this.#rows.length && this.#next;
    this.#at = Math.min(to, this.#rows.length);
    if (more) this.#fetch(this.#next).then(() => this.#draw(), toastProblem);
    else this.#draw();
  }

  async #decide(verdict) {
    const row = this.#rows[this.#at];
    if (!row || this.#busy) return;
    this.#busy = true;
    this.#desk.setAttribute("aria-busy", "true");
    try {
      await api("POST", `/campaigns/${this.#id}/review/${row.task}`, { body: verdict, key: crypto.randomUUID() });
      this.#settled.add(row.task);
      this.#rows.splice(this.#at, 1);
      announce(t("review.decided"));
      this.#move(0);
    } catch (problem) {
      toastProblem(problem);
    } finally {
      this.#busy = false;
      this.#desk.removeAttribute("aria-busy");
    }
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]"))
      return;
    const typing = event.target.matches?.("input, textarea, select");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const option = /^[1-9]$/.test(event.key) ? this.#desk.querySelectorAll(".choice")[Number(event.key) - 1] : null;
    const viewer = this.#desk.querySelector("image-viewer");
    const keys = {
      a: () => this.#desk.querySelector(".choice")?.click(),
      e: () => this.#desk.querySelector("[name=own]")?.focus(),
      u: () => this.#decide({ verdict: "unusable" }),
      m: () => this.#decide({ verdict: "more" }),
      ArrowRight: () => this.#move(1),
      ArrowLeft: () => this.#move(-1),
      "+": () => viewer?.zoom(1.4),
      "-": () => viewer?.zoom(1 / 1.4),
      0: () => viewer?.home(),
    };
    const act = option ? () => option.click() : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

function keys() {
  const rows = [
    ["1–9", "pick"],
    ["A", "best"],
    ["E", "edit"],
    ["U", "unusable"],
    ["M", "more"],
    ["← →", "walk"],
    ["+ − 0", "zoom"],
  ];
  return h(
    "dl",
    { class: "key-list", "aria-label": t("review.keys") },
    ...rows.map(([key, name]) =>
      h("div", null, h("dt", null, h("kbd", { text: key })), h("dd", { text: t(`review.key.${name}`) })),
    ),
  );
}
