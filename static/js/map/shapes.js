import { element } from "./config.js";
import { isArea, isPoint } from "./geometry.js";
import { codeOf, nameOf, symbolOf, whereShown } from "./records.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */
/** @typedef {import("./config.js").Ref} Ref */

const LOWEST_ORDER = 400;
/** Thin lines are hard to hit: an unseen one of this width takes the pointer. */
const TOUCH_WIDTH_PX = 16;
/** For a line that is not exact and whose symbol has no dash of its own. */
const SCHEMATIC_DASH = "6 4";

/** The lines and areas of the layers that are on. */
export class Shapes {
  /**
   * @param {L.Map} map
   * @param {import("./book.js").LayerBook} book
   * @param {import("./choice.js").Choice} choice
   */
  constructor(map, book, choice) {
    this.map = map;
    this.book = book;
    this.choice = choice;
    /** @type {Map<string, L.FeatureGroup>} */
    this.groups = new Map();
    /** @type {L.GeoJSON | null} */
    this.highlight = null;
    book.specs.forEach((spec, place) => {
      const pane = map.createPane(`layer-${spec.id}`);
      pane.style.zIndex = String(LOWEST_ORDER + book.specs.length - place);
    });
    book.changed.listen((spec) => this.update(spec));
    choice.selectionChanged.listen((ref) => this.mark(ref));
    map.on("zoomend", () => book.specs.forEach((spec) => this.update(spec)));
  }

  /** @param {LayerSpec} spec */
  update(spec) {
    const zoom = this.map.getZoom();
    const shown = this.book.on.has(spec.id) && zoom >= spec.minZoom && zoom <= spec.maxZoom;
    const group = shown ? this.groupOf(spec) : this.groups.get(spec.id);
    if (!group) return;
    if (shown) group.addTo(this.map);
    else group.remove();
  }

  /** @param {LayerSpec} spec @returns {L.FeatureGroup | null} */
  groupOf(spec) {
    const known = this.groups.get(spec.id);
    if (known || this.book.state(spec.id) !== "ready") return known ?? null;
    const group = L.featureGroup();
    for (const feature of this.book.features(spec.id)) {
      if (feature.geometry && !isPoint(feature.geometry)) this.draw(spec, feature, group);
    }
    this.groups.set(spec.id, group);
    return group;
  }

  /** @param {LayerSpec} spec @param {Feature} feature @param {L.FeatureGroup} group */
  draw(spec, feature, group) {
    const symbol = symbolOf(spec, feature);
    const area = isArea(/** @type {GeoJSON.Geometry} */ (feature.geometry));
    const pane = `layer-${spec.id}`;
    const colour = `var(${symbol.colour})`;
    const fill = area ? { fill: true, fillColor: symbol.fill ? `var(${symbol.fill})` : colour, fillOpacity: symbol.fill ? 1 : 0.15 } : {};
    const dashArray = symbol.dash || (feature.properties.location_precision === "schematic" ? SCHEMATIC_DASH : "");
    const line = { color: colour, weight: symbol.width, dashArray, lineCap: /** @type {"butt"} */ ("butt"), smoothFactor: 0.3 };
    const seen = L.geoJSON(/** @type {any} */ (feature), { pane, interactive: false, style: { ...line, ...fill } });
    group.addLayer(seen);
    if (!spec.kind) return;
    const touch = area ? { stroke: false, fill: true, fillOpacity: 0 } : { weight: TOUCH_WIDTH_PX, opacity: 0 };
    const felt = L.geoJSON(/** @type {any} */ (feature), { pane, style: { ...touch, className: "touch", bubblingMouseEvents: false } });
    group.addLayer(felt);
    this.listen(spec, feature, seen, felt);
  }

  /** @param {LayerSpec} spec @param {Feature} feature @param {L.GeoJSON} seen @param {L.GeoJSON} felt */
  listen(spec, feature, seen, felt) {
    const ref = { kind: spec.kind, code: codeOf(feature) };
    const choose = () => this.choice.select(ref);
    const light = (/** @type {boolean} */ on) => pathsOf(seen).forEach((path) => path.classList.toggle("is-hover", on));
    felt.on({ click: choose, mouseover: () => light(true), mouseout: () => light(false) });
    const area = feature.geometry && isArea(feature.geometry);
    if (!area) felt.bindTooltip(() => element("span", "", nameOf(feature)), { sticky: true });
    // Areas are reached through the buttons that label them; a line has no other place for the keyboard.
    felt.on("add", () => {
      for (const path of area ? [] : pathsOf(felt)) {
        path.setAttribute("tabindex", "0");
        path.setAttribute("role", "button");
        path.setAttribute("aria-label", `${symbolOf(spec, feature).label}: ${nameOf(feature)}`);
        path.onfocus = () => light(true);
        path.onblur = () => light(false);
        path.onkeydown = (event) => {
          if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            choose();
          }
        };
      }
    });
  }

  /** Outlines what is chosen; for a project known only to its county that county, broken. @param {Ref | null} ref */
  mark(ref) {
    this.highlight?.remove();
    this.highlight = null;
    const found = ref && this.book.find(ref);
    if (!found) return;
    const countyOnly = found.spec.id === "projects" && whereShown(found.feature) === "county";
    const county = countyOnly ? this.book.find({ kind: this.book.spec("counties").kind, code: found.feature.properties.county }) : null;
    const { geometry } = county?.feature ?? found.feature;
    if (!geometry || isPoint(geometry)) return;
    this.highlight = L.geoJSON(geometry, {
      pane: "highlight",
      interactive: false,
      style: { color: "var(--accent)", weight: 3, fill: false, dashArray: countyOnly ? "2 6" : "" },
    }).addTo(this.map);
  }
}

/** The drawn paths of a layer. @param {L.GeoJSON} layer @returns {SVGElement[]} */
function pathsOf(layer) {
  /** @type {SVGElement[]} */
  const paths = [];
  layer.eachLayer((child) => {
    const drawn = child instanceof L.Path ? child.getElement() : null;
    if (drawn instanceof SVGElement) paths.push(drawn);
  });
  return paths;
}
