import { announce } from "./announce.js";
import { byId, element } from "./config.js";

/** @typedef {import("./book.js").LayerBook} LayerBook */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */

/** The tree of layers: the server wrote it, this keeps it in step with the book. */
export class Legend {
  /** @param {L.Map} map @param {LayerBook} book */
  constructor(map, book) {
    this.map = map;
    this.book = book;
    this.tree = byId("pane-layers");
    this.tree.addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement) this.switched(event.target);
    });
    book.changed.listen((spec) => this.update(spec));
    map.on("zoomend", () => book.specs.forEach((spec) => this.update(spec)));
  }

  /** @param {HTMLInputElement} box */
  switched(box) {
    if (box.name === "layer") {
      this.book.switch(box.value, box.checked);
      return;
    }
    const group = box.closest("[data-group]");
    const on = box.checked; // the first switch below redraws this box
    for (const member of group?.querySelectorAll('input[name="layer"]') ?? []) {
      if (member instanceof HTMLInputElement) this.book.switch(member.value, on);
    }
  }

  /** @param {LayerSpec} spec */
  update(spec) {
    const row = this.tree.querySelector(`[data-layer="${spec.id}"]`);
    const box = row?.querySelector('input[name="layer"]');
    const note = row?.querySelector(".layer-state");
    if (!(row instanceof HTMLElement) || !(box instanceof HTMLInputElement) || !(note instanceof HTMLElement)) return;
    box.checked = this.book.on.has(spec.id);
    row.dataset.state = this.book.state(spec.id);
    this.count(spec, row);
    this.tell(spec, note);
    this.updateGroup(row);
  }

  /** How many of a layer's records have a place at all: the others can't be on the map. @param {LayerSpec} spec @param {Element} row */
  count(spec, row) {
    const count = row.querySelector(".layer-count");
    const features = this.book.features(spec.id);
    const located = features.filter((feature) => feature.geometry).length;
    if (!count || located === features.length) return;
    const words = interpolate(gettext("%(located)s of %(total)s have a place that is known."), { located, total: features.length }, true);
    const short = element("span", "", `${located}/${features.length}`);
    short.setAttribute("aria-hidden", "true");
    short.title = words;
    count.replaceChildren(short, element("span", "visually-hidden", words));
  }

  /** Says what keeps a layer that is on from being seen. @param {LayerSpec} spec @param {HTMLElement} note */
  tell(spec, note) {
    const state = this.book.on.has(spec.id) ? this.book.state(spec.id) : "idle";
    const features = this.book.features(spec.id);
    let text = "";
    if (state === "failed") text = gettext("Could not be loaded.");
    else if (state === "ready" && !features.length) text = gettext("Nothing recorded yet.");
    else if (state === "ready" && this.map.getZoom() < spec.minZoom) text = gettext("Zoom in to see it.");
    note.hidden = !text;
    if (note.dataset.said === text) return;
    note.dataset.said = text;
    note.replaceChildren(text);
    if (state === "failed") note.append(" ", retryButton(() => this.book.load(spec.id)));
  }

  /** @param {HTMLElement} row */
  updateGroup(row) {
    const group = row.closest("[data-group]");
    const toggle = group?.querySelector("[data-group-toggle]");
    const members = Array.from(group?.querySelectorAll('input[name="layer"]') ?? []);
    if (!(toggle instanceof HTMLInputElement)) return;
    const on = members.filter((member) => member instanceof HTMLInputElement && member.checked).length;
    toggle.checked = on === members.length;
    toggle.indeterminate = on > 0 && on < members.length;
  }
}

/** @param {() => void} again */
export function retryButton(again) {
  const button = element("button", "retry", gettext("Try again"));
  button.type = "button";
  button.onclick = again;
  return button;
}

/** What failed, over the map as well: a reader who has the tree closed must not take it for an empty map. @param {LayerBook} book */
export function showFailures(book) {
  const notices = byId("map-notices");
  book.changed.listen(() => {
    const failed = book.specs.filter((spec) => book.on.has(spec.id) && book.state(spec.id) === "failed");
    const names = failed.map((spec) => spec.title).join(gettext(", "));
    if (notices.dataset.failed === names) return;
    notices.dataset.failed = names;
    notices.replaceChildren();
    if (!failed.length) return;
    const text = interpolate(gettext("Not loaded: %(layers)s."), { layers: names }, true);
    const retry = retryButton(() => failed.forEach((spec) => void book.load(spec.id)));
    notices.append(element("p", "map-notice", text, " ", retry));
    announce(text);
  });
}
