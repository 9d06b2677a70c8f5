import { loadFeatures } from "./data.js";
import { codeOf } from "./records.js";
import { Signal } from "./signal.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */
/** @typedef {"idle" | "loading" | "ready" | "failed"} LoadState */

/** Which layers are on, and what they hold. A layer is asked for when it is first needed. */
export class LayerBook {
  /** @param {LayerSpec[]} specs */
  constructor(specs) {
    this.specs = specs;
    /** @type {Set<string>} */
    this.on = new Set();
    /** @type {Map<string, LoadState>} */
    this.states = new Map(specs.map((spec) => [spec.id, "idle"]));
    /** @type {Map<string, Feature[]>} */
    this.held = new Map();
    /** @type {Map<string, Promise<void>>} */
    this.coming = new Map();
    /** @type {Signal<LayerSpec>} A layer went on or off, or its features came or failed to. */
    this.changed = new Signal();
  }

  /** @param {string} id @returns {LayerSpec} */
  spec(id) {
    const found = this.specs.find((spec) => spec.id === id);
    if (!found) throw new Error(`there is no layer ${id}`);
    return found;
  }

  /** @param {string} id @returns {LoadState} */
  state(id) {
    return this.states.get(id) ?? "idle";
  }

  /** The features of a layer, empty until they have come. @param {string} id */
  features(id) {
    return this.held.get(id) ?? [];
  }

  /** @param {string} id @param {boolean} on */
  switch(id, on) {
    if (this.on.has(id) === on) return;
    if (on) this.on.add(id);
    else this.on.delete(id);
    this.changed.emit(this.spec(id));
    if (on) void this.load(id);
  }

  /** Asks for a layer unless it is there or on its way; done when it has come or failed. @param {string} id @returns {Promise<void>} */
  load(id) {
    if (this.state(id) === "idle" || this.state(id) === "failed") this.coming.set(id, this.ask(this.spec(id)));
    return this.coming.get(id) ?? Promise.resolve();
  }

  /** @param {LayerSpec} spec */
  async ask(spec) {
    this.states.set(spec.id, "loading");
    this.changed.emit(spec);
    try {
      this.held.set(spec.id, await loadFeatures(spec.url));
      this.states.set(spec.id, "ready");
    } catch {
      // The reason is in the server's log; the reader is told which layer failed and can try again.
      this.states.set(spec.id, "failed");
    }
    this.changed.emit(spec);
  }

  /** Whether every layer that was asked for has come or failed. */
  isSettled() {
    return !Array.from(this.states.values()).includes("loading");
  }

  /** @param {import("./config.js").Ref} ref @returns {{spec: LayerSpec, feature: Feature} | null} */
  find(ref) {
    for (const spec of this.specs.filter((candidate) => candidate.kind === ref.kind)) {
      const feature = this.features(spec.id).find((candidate) => codeOf(candidate) === ref.code);
      if (feature) return { spec, feature };
    }
    return null;
  }
}
