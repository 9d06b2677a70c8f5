import { announce } from "../map/announce.js";
import { element } from "../map/config.js";
import { Signal } from "../map/signal.js";

/** @typedef {import("./text.js").Kind} Kind */

/** More points than this are shown without handles. */
export const MOST_HANDLES = 300;
const STEP_PX = 2;
const SAME_PX = 6;
const LEAST = { area: 3, line: 2, point: 1 };
const STEPS = /** @type {Record<string, [number, number]>} */ ({
  ArrowUp: [0, -STEP_PX],
  ArrowDown: [0, STEP_PX],
  ArrowLeft: [-STEP_PX, 0],
  ArrowRight: [STEP_PX, 0],
});

/** A site being drawn: clicks and keys add points, points can be moved and taken away. Positions are longitude and latitude. */
export class Sketch {
  /** @param {L.Map} map @param {Kind} kind */
  constructor(map, kind) {
    this.map = map;
    this.kind = kind;
    /** @type {GeoJSON.Position[]} */
    this.positions = [];
    this.isFinished = false;
    /** @type {Signal<Sketch>} */
    this.changed = new Signal();
    map.createPane("sketch").style.zIndex = "570";
    this.drawn = L.layerGroup().addTo(map);
    /** @type {L.Polyline<any, any> | null} */
    this.shape = null;
    /** @type {L.Marker[]} */
    this.handles = [];
    map.doubleClickZoom.disable();
    map.on("click", (event) => this.add(event.latlng));
    map.on("dblclick", () => this.finish());
    map.getContainer().addEventListener("keydown", (event) => this.onKey(event));
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.target !== this.map.getContainer()) return;
    const act = { Enter: () => this.add(this.map.getCenter()), Backspace: () => this.undo(), Escape: () => this.finish() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @param {L.LatLng} at */
  add(at) {
    if (this.isFinished) {
      announce(gettext("The site is finished. Clear it to draw another."));
      return;
    }
    const last = this.positions.at(-1);
    if (last && this.pixels(last).distanceTo(this.map.latLngToContainerPoint(at)) < SAME_PX) return;
    this.positions.push([at.lng, at.lat]);
    if (this.kind === "point") this.isFinished = true;
    this.draw();
    announce(interpolate(gettext("Point %(number)s added"), { number: this.positions.length }, true));
    this.changed.emit(this);
  }

  undo() {
    if (!this.positions.length) return;
    this.positions.pop();
    this.isFinished = false;
    this.draw();
    announce(interpolate(gettext("Point taken back; %(count)s left"), { count: this.positions.length }, true));
    this.changed.emit(this);
  }

  finish() {
    if (this.isFinished) return;
    if (this.positions.length < LEAST[this.kind]) {
      announce(interpolate(gettext("At least %(count)s points are needed."), { count: LEAST[this.kind] }, true));
      return;
    }
    this.isFinished = true;
    this.draw();
    announce(gettext("Finished. Check the site, or move its points."));
    this.changed.emit(this);
  }

  clear() {
    this.set([], false);
    this.changed.emit(this);
  }

  /** @param {Kind} kind */
  become(kind) {
    this.kind = kind;
    if (kind === "point") this.isFinished = this.positions.length > 0;
    this.draw();
    this.changed.emit(this);
  }

  /** Takes what was typed; tells nobody. @param {GeoJSON.Position[]} positions @param {boolean} isFinished */
  set(positions, isFinished) {
    this.positions = positions.slice();
    this.isFinished = isFinished;
    this.draw();
  }

  draw() {
    this.drawn.clearLayers();
    this.handles = [];
    const line = { pane: "sketch", interactive: false, color: "var(--accent)", weight: 2.5, dashArray: this.isFinished ? "" : "6 5" };
    const area = this.kind === "area" && this.positions.length > 2;
    this.shape = null;
    if (this.kind !== "point" && this.positions.length > 1) {
      this.shape = area ? L.polygon(this.latLngs(), { ...line, fillOpacity: 0.14 }) : L.polyline(this.latLngs(), line);
      this.drawn.addLayer(this.shape);
    }
    if (this.positions.length <= MOST_HANDLES) this.positions.forEach((_position, number) => this.addHandle(number));
  }

  /** @param {number} number */
  addHandle(number) {
    const icon = L.divIcon({ className: "handle", html: element("span", ""), iconSize: [22, 22] });
    const [lon, lat] = this.positions[number];
    const name = interpolate(gettext("Point %(number)s of the site. Arrow keys move it, Delete takes it away."), { number: number + 1 }, true);
    const handle = L.marker([lat, lon], { pane: "sketch", icon, draggable: true, autoPan: true, bubblingMouseEvents: false });
    handle.on("add", () => handle.getElement()?.setAttribute("aria-label", name));
    handle.on("drag", () => this.moved(number, handle.getLatLng(), false));
    handle.on("dragend", () => this.moved(number, handle.getLatLng(), true));
    handle.on("click", () => {
      if (number === 0 && !this.isFinished) this.finish();
    });
    handle.on("keydown", (event) => this.onHandleKey(/** @type {any} */ (event).originalEvent, number, handle));
    this.handles.push(handle);
    this.drawn.addLayer(handle);
  }

  /** @param {KeyboardEvent} event @param {number} number @param {L.Marker} handle */
  onHandleKey(event, number, handle) {
    const step = STEPS[event.key];
    if (step) {
      // The map would move along.
      L.DomEvent.stop(event);
      const at = this.map.latLngToContainerPoint(handle.getLatLng()).add(step);
      handle.setLatLng(this.map.containerPointToLatLng(at));
      this.moved(number, handle.getLatLng(), true);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      L.DomEvent.stop(event);
      this.positions.splice(number, 1);
      this.draw();
      const next = this.handles[Math.min(number, this.handles.length - 1)]?.getElement() ?? this.map.getContainer();
      next.focus();
      this.changed.emit(this);
    }
  }

  /** @param {number} number @param {L.LatLng} to @param {boolean} isOver */
  moved(number, to, isOver) {
    this.positions[number] = [to.lng, to.lat];
    this.shape?.setLatLngs(this.latLngs());
    if (isOver) this.changed.emit(this);
  }

  /** @returns {L.LatLngTuple[]} */
  latLngs() {
    return this.positions.map(([lon, lat]) => [lat, lon]);
  }

  /** @param {GeoJSON.Position} position */
  pixels([lon, lat]) {
    return this.map.latLngToContainerPoint([lat, lon]);
  }
}
