import { Signal } from "./signal.js";

/** @typedef {import("./config.js").Ref} Ref */

/** What the reader has chosen and points at. */
export class Choice {
  constructor() {
    /** @type {Ref | null} */
    this.selected = null;
    /** @type {Signal<Ref | null>} */
    this.selectionChanged = new Signal();
    /** @type {Signal<{refs: Ref[], on: boolean}>} */
    this.hoverChanged = new Signal();
  }

  /** @param {Ref | null} ref */
  select(ref) {
    this.selected = ref;
    this.selectionChanged.emit(ref);
  }

  /** @param {Ref[]} refs @param {boolean} on */
  hover(refs, on) {
    this.hoverChanged.emit({ refs, on });
  }
}
