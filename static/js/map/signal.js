/**
 * Something that others can listen to.
 *
 * @template T
 */
export class Signal {
  constructor() {
    /** @type {Set<(value: T) => void>} */
    this.listeners = new Set();
  }

  /** @param {(value: T) => void} listener */
  listen(listener) {
    this.listeners.add(listener);
  }

  /** @param {T} value */
  emit(value) {
    for (const listener of this.listeners) listener(value);
  }
}
