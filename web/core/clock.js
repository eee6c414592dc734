// The server's clock, as seen from here.
//
// Four stamps tell the difference: t0 we ask, t1 it hears, t2 it answers, t3 we hear. The sample with the least delay says
// most about the true difference, because its way was least disturbed. Ours is the monotonic clock, so that nobody moves
// the end of an auction by setting the watch of the computer.

/** How many samples one measurement takes. */
export const SAMPLES = 5;

/**
 * @param {{t0: number, t1: number, t2: number, t3: number}} stamps milliseconds; t0 and t3 by our clock
 * @returns {{offset: number, delay: number}} server minus ours, and the time on the wire
 */
export function sample({ t0, t1, t2, t3 }) {
  return { offset: (t1 - t0 + (t2 - t3)) / 2, delay: t3 - t0 - (t2 - t1) };
}

/** The sample with the least delay. */
export function best(samples) {
  return samples.reduce((least, next) => (next.delay < least.delay ? next : least));
}

/** A stamp of the server as milliseconds since 1970: RFC 3339 text, or a number of milliseconds. */
export function stamp(value) {
  return typeof value === "number" ? value : parseTime(value);
}

/** RFC 3339 as milliseconds, keeping the microseconds that `Date` would drop. */
export function parseTime(text) {
  const fraction = /\.(\d{4,})/.exec(text);
  const rest = fraction ? Number(`0.000${fraction[1].slice(3)}`) * 1000 : 0;
  return Date.parse(text) + rest;
}

export class ServerClock {
  #monotonic;
  #offset;
  #delay = Infinity;

  /**
   * @param {() => number} [monotonic] milliseconds that only go forward
   * @param {() => number} [wall] a first guess until the server has been asked
   */
  constructor(monotonic = () => performance.now(), wall = () => Date.now()) {
    this.#monotonic = monotonic;
    this.#offset = wall() - monotonic();
  }

  /** Milliseconds since 1970 by the server's clock. */
  now() {
    return this.#monotonic() + this.#offset;
  }

  /** Whether the server has been asked. */
  get synced() {
    return this.#delay !== Infinity;
  }

  /** How far the time on the wire may put us wrong, in milliseconds. */
  get uncertainty() {
    return this.#delay / 2;
  }

  /**
   * Measures once: asks `SAMPLES` times and keeps the best.
   * @param {(t0: number) => Promise<{t1: number | string, t2: number | string}>} ask
   * @param {() => Promise<void>} [pause] between two questions
   */
  async measure(ask, pause = () => new Promise((done) => setTimeout(done, 60))) {
    const samples = [];
    for (let n = 0; n < SAMPLES; n += 1) {
      if (n > 0) await pause();
      const t0 = this.#monotonic();
      const reply = await ask(t0);
      samples.push(sample({ t0, t1: stamp(reply.t1), t2: stamp(reply.t2), t3: this.#monotonic() }));
    }
    const { offset, delay } = best(samples);
    this.#offset = offset;
    this.#delay = delay;
  }
}

/** The one clock of the page. */
export const clock = new ServerClock();

/**
 * A span as people read it: days and hours far off, minutes and seconds near.
 * @param {number} ms
 * @returns {{days: number, hours: number, minutes: number, seconds: number}}
 */
export function parts(ms) {
  const total = Math.max(0, Math.ceil(ms / 1000));
  return {
    days: Math.floor(total / 86400),
    hours: Math.floor(total / 3600) % 24,
    minutes: Math.floor(total / 60) % 60,
    seconds: total % 60,
  };
}
