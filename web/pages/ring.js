// The alarm's screen: for a phone beside the bed. It can always be stopped, with or without a connection.

import { command } from "../core/alarm-commands.js";
import { isLoud, screenOf } from "../core/alarm-session.js";
import { clockwork, renewAlarms } from "../core/alarms.js";
import { clock } from "../core/clock.js";
import { announce, h } from "../core/dom.js";
import { problemText, t } from "../core/i18n.js";
import { connection } from "../core/live.js";
import { lost } from "../core/lost.js";
import { keepPlan, keptOwner, packOf, tellDone } from "../core/phone-plan.js";
import { ringsByItself } from "../core/offline-pack.js";
import { startWorker } from "../core/push.js";
import { marked, session } from "../core/session.js";
import { ring, silence, sounding, unlock } from "../core/sound.js";
import { toastProblem } from "../parts/controls.js";
import { bedside, checkView, doneView, offlineView, restView, ringHead, ringingView } from "../parts/ring-views.js";
import { missionView } from "../parts/ring-mission.js";
import { signInFirst } from "./sign-in-first.js";

const TICK = 1000;

export function ringPage({ signal, title }) {
  title(t("ring.title"));
  // Opened without a connection nobody can be signed in, and still whoever set the alarm must be able to stop it.
  const owner = session.value.user?.id ?? (connection.value !== "live" && marked() ? keptOwner() : null);
  if (owner === null) return signInFirst();
  const screen = new RingScreen(owner, signal);
  return screen.element;
}

class RingScreen {
  #signal;
  #pack;
  #body = h("div", { class: "ring-body" });
  #head = ringHead();
  /** What is drawn now, and its key: the same key is updated in place, so that nobody's typing is lost. */
  #view = null;
  #key = null;
  /** The last session seen here, and whether it was stopped here without a connection. */
  #last = null;
  #stoppedHere = null;
  #points = 0;

  constructor(owner, signal) {
    this.#pack = packOf(owner);
    this.#signal = signal;
    this.element = h("section", { class: "ring-page" }, this.#head.element, this.#body);
    document.documentElement.dataset.full = "ring";
    signal.addEventListener(
      "abort",
      () => {
        delete document.documentElement.dataset.full;
        silence();
        this.#leaveView();
      },
      { once: true },
    );
    clockwork.watch(() => this.draw(), signal);
    lost.watch(() => this.draw(), signal);
    connection.watch((state) => state === "live" && this.#cameBack(), signal);
    const timer = setInterval(() => this.draw(), TICK);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    // A browser lets a page sound only after a touch; any touch will do.
    addEventListener("pointerdown", unlock, { signal });
    addEventListener("keydown", unlock, { signal });
    sounding.watch(() => this.draw(), signal);
    renewAlarms();
    // From now on the screen can be opened without a connection, too.
    startWorker();
  }

  async #cameBack() {
    // Opened without a connection, nobody is signed in yet: the page is drawn anew as soon as somebody is.
    if (!session.value.user) return;
    if (this.#pack.done) {
      try {
        await tellDone(this.#pack);
        this.#stoppedHere = null;
      } catch (problem) {
        toastProblem(problem);
      }
    }
    renewAlarms();
  }

  draw() {
    if (this.#signal.aborted) return;
    const { value: view } = clockwork;
    const offline = lost.value;
    if (view) this.#pack.open = view.session;
    const now = view ? view.session : offline ? this.#pack.open : null;
    if (now) this.#last = now;
    const alone =
      !now && ringsByItself(this.#pack.kept, { now: clock.now(), online: !offline, since: this.#pack.done?.stopped_at });
    if (now && this.#stoppedHere !== null && this.#stoppedHere !== now.number && !offline) this.#stoppedHere = null;
    const stopped = this.#stoppedHere !== null || Boolean(offline && this.#pack.done?.stopped_at);
    const loud = !stopped && (alone || isLoud(now));
    if (loud) ring({ sound: now?.sound ?? true, vibrate: now?.vibration ?? true });
    else silence();
    this.#head.draw({ session: now, offline, blocked: loud && sounding.value === "blocked" });
    const [key, make] = this.#choose({ view, now, offline, alone, stopped });
    if (key !== this.#key) {
      this.#leaveView();
      this.#key = key;
      this.#view = make();
      this.#body.replaceChildren(this.#view.element);
      this.element.dataset.screen = key.split(":")[0];
      if (this.#view.said) announce(this.#view.said, "assertive");
      this.#view.focus?.();
    }
    this.#view.update?.({ view, session: now });
  }

  #leaveView() {
    this.#view?.leave?.();
    this.#view = null;
  }

  /** Which screen, and how it is made. */
  #choose({ view, now, offline, alone, stopped }) {
    if (stopped) return ["done:offline", () => doneView({ offline: true, how: this.#pack.done?.how })];
    if (offline && (alone || (now && screenOf(now) !== "waiting"))) {
      return [
        `offline:${now?.number ?? "alone"}`,
        () => offlineView({ session: now, pack: this.#pack, kept: this.#pack.kept, stop: (how) => this.#stopHere(now, how) }),
      ];
    }
    const acts = this.#acts(now);
    const screen = screenOf(now);
    if (screen === "ringing") return [`ringing:${now.number}`, () => ringingView(acts)];
    if (screen === "snoozed") return [`snoozed:${now.number}:${now.until}`, () => restView(acts)];
    if (screen === "mission") return [`mission:${now.number}:${now.task?.lease ?? "none"}`, () => missionView(now, acts)];
    if (screen === "check") return [`check:${now.number}`, () => checkView(acts)];
    if (screen === "waiting") return [`done:${now.number}`, () => doneView({ points: this.#points })];
    if (this.#last && view) return [`done:${this.#last.number}:over`, () => doneView({ points: this.#points })];
    return [
      "idle",
      () => bedside({ keep: () => keepPlan(this.#pack), again: () => (this.#last = null), signal: this.#signal }),
    ];
  }

  /** What the buttons do. Each is asked until answered, and the screen follows the clock, not the button. */
  #acts(now) {
    const run = async (name, data = {}) => {
      try {
        const answer = await command(name, { session: now?.number, ...data }, this.#signal);
        await renewAlarms();
        return answer;
      } catch (problem) {
        if (this.#signal.aborted) return null;
        await renewAlarms();
        throw problem;
      }
    };
    const shown = async (work) => {
      try {
        return await work();
      } catch (problem) {
        toastProblem(problem);
        return null;
      }
    };
    const held = ({ campaign, lease, fence }) => ({ campaign, lease, fence });
    return {
      start: () => shown(() => run("next")),
      answer: async (task, answer) => {
        const answered = await run("answer", { ...held(task), answer });
        if (answered?.points) this.#points += answered.points;
        return answered;
      },
      another: (task) =>
        shown(async () => {
          await run("skip", held(task));
          return run("next");
        }),
      snooze: () => shown(() => run("snooze")),
      stop: () => shown(() => run("stop")),
      emergency: () => shown(() => run("emergency")),
      awake: () => shown(() => run("awake")),
      text: problemText,
    };
  }

  /** Without a connection: silent at once, told later. */
  #stopHere(now, how) {
    this.#pack.stop(now?.number ?? null, how, new Date(clock.now()).toISOString());
    this.#stoppedHere = now?.number ?? 0;
    silence();
    this.draw();
  }
}
