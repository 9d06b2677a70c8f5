import { createMap, drawLand } from "../map/base.js";
import { element } from "../map/config.js";
import { loadFeatures } from "../map/data.js";
import { boxAround, extentOf, overlapArea } from "../map/geometry.js";
import { addGraticule } from "../map/graticule.js";

/**
 * @typedef {object} GroundConfig
 * @property {[number, number, number, number] | null} bounds  West, south, east, north of the counties.
 * @property {string} countiesUrl
 * @property {string} riversUrl
 */

/** Closer than the map of the zone: a plot of a few mu fills the view. */
const CLOSEST_ZOOM = 19;
const NAMES_TO_ZOOM = 12;
const LETTER_PX = 14;
const LINE_PX = 18;

/**
 * The map that sites are drawn and shown on: land, rivers, the borders of counties.
 *
 * @param {GroundConfig} config
 * @returns {L.Map}
 */
export function createGround(config) {
  const map = createMap(/** @type {any} */ (config));
  map.setMaxZoom(CLOSEST_ZOOM);
  addGraticule(map);
  map.createPane("borders").style.zIndex = "210";
  map.createPane("rivers").style.zIndex = "205";
  loadFeatures(config.countiesUrl).then((counties) => {
    drawLand(map, counties);
    const border = { color: "var(--map-county)", weight: 1.4, fill: false, smoothFactor: 0.3 };
    L.geoJSON(/** @type {any} */ (counties), { pane: "borders", interactive: false, style: border }).addTo(map);
    nameCounties(map, counties);
  }, () => tell(gettext("The borders of the counties could not be loaded.")));
  loadFeatures(config.riversUrl).then((rivers) => {
    const course = { color: "var(--map-river)", weight: 1.4, fill: false };
    L.geoJSON(/** @type {any} */ (rivers), { pane: "rivers", interactive: false, style: course }).addTo(map);
  }, () => {});
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
  return map;
}

/**
 * As many names as have room; those of large counties come first.
 *
 * @param {L.Map} map
 * @param {import("../map/config.js").Feature[]} counties
 */
function nameCounties(map, counties) {
  const names = L.layerGroup().addTo(map);
  const wanted = counties.flatMap(({ geometry, properties }) => {
    if (!geometry) return [];
    const [west, south, east, north] = extentOf(geometry);
    const english = document.documentElement.lang === "en" && properties.name_en;
    return [{ name: String(english || properties.name), at: L.latLng((south + north) / 2, (west + east) / 2), size: (east - west) * (north - south) }];
  });
  wanted.sort((one, other) => other.size - one.size);
  const update = () => {
    names.clearLayers();
    if (map.getZoom() > NAMES_TO_ZOOM) return;
    /** @type {import("../map/geometry.js").Box[]} */
    const taken = [];
    for (const { name, at } of wanted) {
      const width = Array.from(name).reduce((sum, letter) => sum + (letter > "\u2e80" ? LETTER_PX : LETTER_PX * 0.6), 0);
      const box = boxAround(map.latLngToLayerPoint(at), width, LINE_PX);
      if (taken.some((other) => overlapArea(box, other) > 0)) continue;
      taken.push(box);
      const icon = L.divIcon({ className: "map-label", html: element("span", "county-label county-name", name), iconSize: [0, 0] });
      names.addLayer(L.marker(at, { pane: "labels", icon, interactive: false, keyboard: false }));
    }
  };
  map.on("zoomend", update);
  update();
}

/** @param {string} text */
function tell(text) {
  document.getElementById("map-stage")?.append(element("p", "map-notice ground-notice", text));
}
