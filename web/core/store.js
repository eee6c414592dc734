// One value that others watch.

/** @template T */
export class Store {
  #value;
  #watchers = new Set();

  /** @param {T} value */
  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  /** Replaces the value and tells everybody; an equal primitive tells nobody. */
  set(value) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher(value);
  }

  /** Merges fields into an object value. */
  patch(fields) {
    this.set({ ...this.#value, ...fields });
  }

  /**
   * Calls `watcher` now and after each change, until the signal aborts or the returned function is called.
   * @param {(value: T) => void} watcher
   * @param {AbortSignal} [signal]
   */
  watch(watcher, signal) {
    if (signal?.aborted) return () => {};
    this.#watchers.add(watcher);
    const stop = () => this.#watchers.delete(watcher);
    signal?.addEventListener("abort", stop, { once: true });
    watcher(this.#value);
    return stop;
  }
}
