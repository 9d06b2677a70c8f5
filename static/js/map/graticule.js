/** Meridians and parallels in the quiet of the paper, with their degrees at the edge of the view. */

/** Degrees between lines, and the zoom from which they are drawn. */
const STEPS = [
  { fromZoom: 13, degrees: 0.05 },
  { fromZoom: 11.5, degrees: 0.1 },
  { fromZoom: 10, degrees: 0.25 },
  { fromZoom: 0, degrees: 0.5 },
];
const LINE = { pane: "graticule", interactive: false, color: "var(--map-graticule)", weight: 1 };

/** @param {L.Map} map */
export function addGraticule(map) {
  const drawn = L.layerGroup().addTo(map);
  const update = () => {
    drawn.clearLayers();
    const bounds = map.getBounds();
    const step = STEPS.find(({ fromZoom }) => map.getZoom() >= fromZoom)?.degrees ?? 0.5;
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    for (const lon of ticks(west, east, step)) {
      drawn.addLayer(L.polyline([[south, lon], [north, lon]], LINE));
      drawn.addLayer(degrees([north, lon], `${format(lon)}°E`, "graticule-label graticule-label-top"));
    }
    for (const lat of ticks(south, north, step)) {
      drawn.addLayer(L.polyline([[lat, west], [lat, east]], LINE));
      drawn.addLayer(degrees([lat, east], `${format(lat)}°N`, "graticule-label graticule-label-side"));
    }
  };
  map.on("moveend", update);
}

/** @param {number} from @param {number} to @param {number} step */
function ticks(from, to, step) {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, index) => (first + index) * step);
}

/** @param {number} value */
function format(value) {
  return String(Number(value.toFixed(2)));
}

/** @param {[number, number]} at @param {string} text @param {string} className */
function degrees(at, text, className) {
  const label = document.createElement("span");
  label.textContent = text;
  const icon = L.divIcon({ className, html: label, iconSize: undefined });
  return L.marker(at, { pane: "graticule", icon, interactive: false, keyboard: false });
}
