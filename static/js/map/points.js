import { element } from "./config.js";
import { anchorOf, boxAround, isPoint, overlapArea } from "./geometry.js";
import { donutOf, keyOf, markOf } from "./marks.js";
import { codeOf, isExact, nameOf, symbolOf, whereShown } from "./records.js";
import { Signal } from "./signal.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */
/** @typedef {import("./config.js").Ref} Ref */
/** @typedef {import("./geometry.js").Pixel} Pixel */

/**
 * @typedef {object} Bouquet  Features whose symbols would cover each other: they stand together, one symbol a layer.
 * @property {Pixel} at  In pixels of the whole map at the zoom.
 * @property {Map<LayerSpec, Feature[]>} byLayer  The top layer first.
 *
 * @typedef {object} Spot  Where a symbol is to stand.
 * @property {LayerSpec} spec
 * @property {Feature[]} features
 * @property {Pixel} at
 * @property {Pixel} offset  Of its middle from ``at``; none for the top layer of a bouquet.
 * @property {number} size
 *
 * @typedef {Spot & {marker: L.Marker}} Placed  A symbol on the map.
 */

/** Features nearer than this share a place on the map. */
const BOUQUET_PX = 40;
const MARK_PX = 22;
const COUNTED_PX = 30;
const DONUT_PX = 34;
/** Where companions of the top layer's symbol are tried. */
const DIRECTIONS = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, 1], [1, -1], [-1, -1]];
/** Symbols this far outside the view are drawn too, so that a short move shows no gaps. */
const MARGIN = 0.2;

/** The point symbols of the layers that are on. Nothing is ever hidden under another symbol. */
export class Points {
  /**
   * @param {L.Map} map
   * @param {import("./book.js").LayerBook} book
   * @param {import("./register.js").Register} register
   * @param {import("./choice.js").Choice} choice
   */
  constructor(map, book, register, choice) {
    this.map = map;
    this.book = book;
    this.register = register;
    this.choice = choice;
    /** @type {Map<string, Placed>} */
    this.placed = new Map();
    /** @type {Spot[]} */
    this.spots = [];
    /** @type {Signal<{spec: LayerSpec, features: Feature[]}>} A symbol of several features was chosen. */
    this.severalChosen = new Signal();
    /** @type {Signal<null>} */
    this.drawn = new Signal();
    book.changed.listen((spec) => {
      if (spec.geometry === "point" || spec.geometry === "mixed") this.regroup();
    });
    register.changed.listen(() => this.regroup());
    map.on("zoomend", () => this.regroup());
    map.on("moveend", () => this.draw());
    choice.selectionChanged.listen(() => this.light());
    choice.hoverChanged.listen(({ refs, on }) => {
      for (const ref of on ? refs : []) this.symbolOfRef(ref)?.marker.getElement()?.classList.add("is-hover");
      if (!on) for (const { marker } of this.placed.values()) marker.getElement()?.classList.remove("is-hover");
    });
  }

  /** @param {LayerSpec} spec */
  featuresOf(spec) {
    if (spec.id === "projects") return this.register.matching().filter((feature) => whereShown(feature) === "point");
    return this.book.features(spec.id).filter((feature) => feature.geometry && isPoint(feature.geometry));
  }

  regroup() {
    this.spots = layOut(this.bouquets());
    this.draw();
  }

  /** @returns {Bouquet[]} */
  bouquets() {
    const zoom = this.map.getZoom();
    /** @type {Bouquet[]} */
    const bouquets = [];
    /** @type {Map<string, Bouquet[]>} */
    const cells = new Map();
    for (const spec of this.book.specs) {
      if (!this.book.on.has(spec.id) || zoom < spec.minZoom || zoom > spec.maxZoom) continue;
      for (const feature of this.featuresOf(spec)) {
        const [lon, lat] = anchorOf(/** @type {GeoJSON.Geometry} */ (feature.geometry));
        const at = this.map.project([lat, lon], zoom);
        let bouquet = spec.grouped ? nearby(cells, at) : null;
        if (!bouquet) {
          bouquet = { at, byLayer: new Map() };
          bouquets.push(bouquet);
          const cell = cellOf(at, 0, 0);
          if (spec.grouped) cells.set(cell, [...(cells.get(cell) ?? []), bouquet]);
        }
        bouquet.byLayer.set(spec, [...(bouquet.byLayer.get(spec) ?? []), feature]);
      }
    }
    return bouquets;
  }

  /** Draws what is in view. A symbol that is there already stays the same element, and keeps the focus. */
  draw() {
    const bounds = this.map.getPixelBounds();
    const margin = this.map.getSize().multiplyBy(MARGIN);
    const seen = L.bounds(
      /** @type {L.Point} */ (bounds.min).subtract(margin),
      /** @type {L.Point} */ (bounds.max).add(margin),
    );
    /** @type {Map<string, Placed>} */
    const wanted = new Map();
    for (const spot of this.spots) {
      if (!seen.contains(L.point(spot.at.x, spot.at.y))) continue;
      const key = `${keyOf(spot.spec, spot.features)}@${spot.offset.x},${spot.offset.y}`;
      const kept = this.placed.get(key);
      kept?.marker.setLatLng(this.map.unproject([spot.at.x, spot.at.y]));
      wanted.set(key, { ...spot, marker: kept?.marker ?? this.place(spot) });
    }
    for (const [key, { marker }] of this.placed) if (!wanted.has(key)) marker.remove();
    this.placed = wanted;
    this.light();
    this.drawn.emit(null);
  }

  /** @param {Spot} spot @returns {L.Marker} */
  place({ spec, features, at, offset, size }) {
    const name = nameOfSymbol(spec, features);
    const icon = L.divIcon({
      className: "map-symbol",
      html: faceOf(spec, features),
      iconSize: [size, size],
      iconAnchor: [size / 2 - offset.x, size / 2 - offset.y],
    });
    const marker = L.marker(this.map.unproject([at.x, at.y]), { icon, riseOnHover: true });
    marker.on("add", () => {
      const drawn = /** @type {HTMLElement} */ (marker.getElement());
      drawn.setAttribute("aria-label", name);
      drawn.dataset.codes = features.map(codeOf).join(" ");
      drawn.dataset.layer = spec.id;
    });
    const refs = features.map((feature) => ({ kind: spec.kind, code: codeOf(feature) }));
    marker.bindTooltip(() => element("span", "", name), { direction: "top", offset: [offset.x, offset.y - size / 2] });
    marker.on("click", () => this.choose(spec, features));
    marker.on("keypress", (event) => {
      if (event.originalEvent.key === "Enter" || event.originalEvent.key === " ") this.choose(spec, features);
    });
    marker.on("mouseover", () => this.choice.hover(refs, true));
    marker.on("mouseout", () => this.choice.hover(refs, false));
    return marker.addTo(this.map);
  }

  /** @param {LayerSpec} spec @param {Feature[]} features */
  choose(spec, features) {
    if (features.length > 1) this.severalChosen.emit({ spec, features });
    else this.choice.select({ kind: spec.kind, code: codeOf(features[0]) });
  }

  /** Marks the symbol that holds what is chosen. */
  light() {
    const chosen = this.choice.selected && this.symbolOfRef(this.choice.selected);
    for (const placed of this.placed.values()) {
      placed.marker.getElement()?.classList.toggle("is-selected", placed === chosen);
      placed.marker.setZIndexOffset(placed === chosen ? 1000 : placed.spec.grouped ? 0 : -1000);
    }
  }

  /** @param {Ref} ref */
  symbolOfRef(ref) {
    for (const placed of this.placed.values()) {
      if (placed.spec.kind === ref.kind && placed.features.some((feature) => codeOf(feature) === ref.code)) return placed;
    }
    return null;
  }

  /** What the symbols cover, in pixels of the view. */
  boxes() {
    const origin = /** @type {L.Point} */ (this.map.getPixelBounds().min);
    const shown = Array.from(this.placed.values()).filter(({ spec }) => spec.grouped);
    return shown.map(({ at, offset, size }) => boxAround({ x: at.x + offset.x - origin.x, y: at.y + offset.y - origin.y }, size, size));
  }
}

/** @param {LayerSpec} spec @param {Feature[]} features */
function nameOfSymbol(spec, features) {
  if (features.length > 1) return interpolate(gettext("%(layer)s: %(count)s here"), { layer: spec.title, count: features.length }, true);
  const [feature] = features;
  if (spec.id !== "projects") return `${nameOf(feature)} (${symbolOf(spec, feature).label})`;
  const place = isExact(feature) ? gettext("exact place") : gettext("approximate place");
  return `${nameOf(feature)} (${symbolOf(spec, feature).label}, ${place})`;
}

/** @param {LayerSpec} spec @param {Feature[]} features */
function faceOf(spec, features) {
  const face = element("span", `symbol symbol-${spec.id}`);
  if (features.length > 1 && spec.id === "projects") face.append(donutOf(spec, features));
  else face.append(markOf(spec, features[0]));
  if (features.length > 1 && spec.id !== "projects") face.append(element("span", "symbol-count", String(features.length)));
  return face;
}

/**
 * The top layer's symbol stands at the place itself, the others around it where nothing is yet.
 *
 * @param {Bouquet[]} bouquets
 * @returns {Spot[]}
 */
function layOut(bouquets) {
  /** @type {Spot[]} */
  const spots = [];
  for (const { at, byLayer } of bouquets) {
    const [[spec, features]] = byLayer;
    spots.push({ spec, features, at, offset: { x: 0, y: 0 }, size: sizeOf(spec, features) });
  }
  const taken = spots.filter(({ spec }) => spec.grouped).map(boxOf);
  for (const { at, byLayer } of bouquets) {
    const [[first, firstFeatures], ...companions] = byLayer;
    for (const [spec, features] of companions) {
      const size = sizeOf(spec, features);
      const step = (sizeOf(first, firstFeatures) + size) / 2 + 1;
      const around = DIRECTIONS.map(([x, y]) => ({ spec, features, at, offset: { x: x * step, y: y * step }, size }));
      const spot = around.find((tried) => taken.every((box) => !overlapArea(box, boxOf(tried)))) ?? around[0];
      spots.push(spot);
      taken.push(boxOf(spot));
    }
  }
  return spots;
}

/** @param {LayerSpec} spec @param {Feature[]} features */
function sizeOf(spec, features) {
  if (features.length === 1) return MARK_PX;
  return spec.id === "projects" ? DONUT_PX : COUNTED_PX;
}

/** @param {Spot} spot */
function boxOf({ at, offset, size }) {
  return boxAround({ x: at.x + offset.x, y: at.y + offset.y }, size, size);
}

/** @param {Pixel} at @param {number} columns @param {number} rows */
function cellOf(at, columns, rows) {
  return `${Math.floor(at.x / BOUQUET_PX) + columns}/${Math.floor(at.y / BOUQUET_PX) + rows}`;
}

/** @param {Map<string, Bouquet[]>} cells @param {Pixel} at @returns {Bouquet | null} */
function nearby(cells, at) {
  let nearest = null;
  let least = BOUQUET_PX;
  for (const columns of [-1, 0, 1]) {
    for (const rows of [-1, 0, 1]) {
      for (const bouquet of cells.get(cellOf(at, columns, rows)) ?? []) {
        const distance = Math.hypot(bouquet.at.x - at.x, bouquet.at.y - at.y);
        if (distance < least) [nearest, least] = [bouquet, distance];
      }
    }
  }
  return nearest;
}
