import { element } from "./config.js";
import { anchorOf, boxAround, isPoint } from "./geometry.js";
import { donutOf, keyOf, markOf } from "./marks.js";
import { codeOf, isExact, nameOf, symbolOf, whereShown } from "./records.js";
import { Signal } from "./signal.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */
/** @typedef {import("./config.js").Ref} Ref */
/** @typedef {import("./geometry.js").Pixel} Pixel */

/**
 * @typedef {object} Bouquet  Features whose symbols would cover each other: they stand side by side, one symbol a layer.
 * @property {Pixel} at  In pixels of the whole map at the zoom.
 * @property {Map<LayerSpec, Feature[]>} byLayer
 *
 * @typedef {object} Placed  A symbol on the map.
 * @property {L.Marker} marker
 * @property {LayerSpec} spec
 * @property {Feature[]} features
 * @property {Pixel} at
 * @property {Pixel} offset  Of its middle from ``at``.
 * @property {number} size
 */

/** Features nearer than this share a place on the map; two rows of two symbols fit in it. */
const BOUQUET_PX = 46;
const MARK_PX = 22;
const DONUT_PX = 34;
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
    /** @type {Bouquet[]} */
    this.bouquets = [];
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
    const zoom = this.map.getZoom();
    /** @type {Bouquet[]} */
    this.bouquets = [];
    /** @type {Map<string, Bouquet[]>} */
    const cells = new Map();
    for (const spec of this.book.specs) {
      if (!this.book.on.has(spec.id) || zoom < spec.minZoom || zoom > spec.maxZoom) continue;
      for (const feature of this.featuresOf(spec)) {
        const [lon, lat] = anchorOf(/** @type {import("geojson").Geometry} */ (feature.geometry));
        const at = this.map.project([lat, lon], zoom);
        const bouquet = nearby(cells, at) ?? this.startBouquet(cells, at);
        const mates = bouquet.byLayer.get(spec);
        if (mates) mates.push(feature);
        else bouquet.byLayer.set(spec, [feature]);
      }
    }
    this.draw();
  }

  /** @param {Map<string, Bouquet[]>} cells @param {Pixel} at */
  startBouquet(cells, at) {
    const bouquet = { at, byLayer: new Map() };
    const key = cellOf(at, 0, 0);
    cells.set(key, [...(cells.get(key) ?? []), bouquet]);
    this.bouquets.push(bouquet);
    return bouquet;
  }

  /** Draws what is in view. A symbol that is there already stays the same element, and keeps the focus. */
  draw() {
    const bounds = this.map.getPixelBounds();
    const size = this.map.getSize();
    const seen = L.bounds(
      /** @type {L.Point} */ (bounds.min).subtract(size.multiplyBy(MARGIN)),
      /** @type {L.Point} */ (bounds.max).add(size.multiplyBy(MARGIN)),
    );
    /** @type {Map<string, Placed>} */
    const wanted = new Map();
    for (const bouquet of this.bouquets) {
      if (!seen.contains(L.point(bouquet.at.x, bouquet.at.y))) continue;
      const entries = Array.from(bouquet.byLayer);
      entries.forEach(([spec, features], place) => {
        const offset = offsetOf(place, entries.length);
        const key = `${keyOf(spec, features)}@${offset.x},${offset.y}`;
        const kept = this.placed.get(key);
        if (kept) {
          kept.at = bouquet.at;
          kept.marker.setLatLng(this.map.unproject([bouquet.at.x, bouquet.at.y]));
        }
        wanted.set(key, kept ?? this.place(spec, features, bouquet.at, offset));
      });
    }
    for (const [key, { marker }] of this.placed) if (!wanted.has(key)) marker.remove();
    this.placed = wanted;
    this.light();
    this.drawn.emit(null);
  }

  /** @param {LayerSpec} spec @param {Feature[]} features @param {Pixel} at @param {Pixel} offset @returns {Placed} */
  place(spec, features, at, offset) {
    const several = features.length > 1;
    const size = several && spec.id === "projects" ? DONUT_PX : MARK_PX;
    const face = element("span", `symbol symbol-${spec.id}`);
    face.append(several && spec.id === "projects" ? donutOf(spec, features) : markOf(spec, features[0]));
    if (several && spec.id !== "projects") face.append(element("span", "symbol-count", String(features.length)));
    const icon = L.divIcon({
      className: "map-symbol",
      html: face,
      iconSize: [size, size],
      iconAnchor: [size / 2 - offset.x, size / 2 - offset.y],
    });
    const name = nameOfSymbol(spec, features);
    const marker = L.marker(this.map.unproject([at.x, at.y]), { icon, riseOnHover: true });
    marker.on("add", () => {
      const drawn = marker.getElement();
      drawn?.setAttribute("aria-label", name);
      if (drawn) drawn.dataset.codes = features.map(codeOf).join(" ");
      if (drawn) drawn.dataset.layer = spec.id;
    });
    const refs = features.map((feature) => ({ kind: spec.kind, code: codeOf(feature) }));
    marker.bindTooltip(() => element("span", "", name), { direction: "top", offset: [offset.x, offset.y - size / 2] });
    marker.on("click", () => this.choose(spec, features));
    marker.on("keypress", (event) => {
      if (event.originalEvent.key === " ") this.choose(spec, features);
    });
    marker.on("mouseover", () => this.choice.hover(refs, true));
    marker.on("mouseout", () => this.choice.hover(refs, false));
    marker.addTo(this.map);
    return { marker, spec, features, at, offset, size };
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
      placed.marker.setZIndexOffset(placed === chosen ? 1000 : 0);
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
    return Array.from(this.placed.values(), ({ at, offset, size }) =>
      boxAround({ x: at.x + offset.x - origin.x, y: at.y + offset.y - origin.y }, size, size),
    );
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

/** Where the symbol of a bouquet stands: alone in the middle, else in rows of two. @param {number} place @param {number} total */
function offsetOf(place, total) {
  if (total === 1) return { x: 0, y: 0 };
  const rows = Math.ceil(total / 2);
  const alone = place === total - 1 && total % 2 === 1;
  return { x: alone ? 0 : place % 2 ? 13 : -13, y: (Math.floor(place / 2) - (rows - 1) / 2) * 25 };
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
