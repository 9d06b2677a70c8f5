import { drawLand } from "../base.js";
import { byId, calm, element } from "../config.js";
import { loadFeatures } from "../data.js";

/**
 * The map of what a release would change: sites in the colour of the verdict that they would have.
 *
 * @typedef {{kind: string, name: string, before: string, after: string, verdict: string, changes_verdict: boolean}} Properties
 * @typedef {GeoJSON.Feature<GeoJSON.Geometry, Properties>} Site
 */

const FILL = 0.35;
const POINT_RADIUS = 6;
/** A small site is seen from afar by a point at its place. */
const LEAST_PX = 10;

const place = byId("map");
const said = byId("impact-said");
const styles = getComputedStyle(document.querySelector(".page") ?? place);

const map = L.map(place, { attributionControl: false, zoomControl: false, maxZoom: 18, zoomAnimation: !calm, fadeAnimation: !calm, inertia: !calm });
map.createPane("land").style.zIndex = "200";
L.control.zoom({ zoomInTitle: gettext("Zoom in"), zoomOutTitle: gettext("Zoom out") }).addTo(map);
L.control.scale({ imperial: false }).addTo(map);
const renderer = L.canvas({ padding: 0.3 });

/** @type {Map<string, L.LatLngBounds>} */
const places = new Map();

/** @param {Site} site @returns {L.PathOptions} */
function style(site) {
  // A canvas takes no variables.
  const colour = styles.getPropertyValue(`--verdict-${site.properties.verdict}`).trim();
  return { color: colour, weight: 2, fillColor: colour, fillOpacity: FILL, dashArray: site.properties.changes_verdict ? undefined : "4 3" };
}

/** @param {Site} site */
function words(site) {
  const { kind, name, before, after, changes_verdict } = site.properties;
  return element("span", "", element("strong", "", name), ` ${kind}`, element("br", ""), changes_verdict ? `${before} → ${after}` : after);
}

/** @param {Site[]} sites */
function draw(sites) {
  const all = L.featureGroup();
  const dots = L.layerGroup();
  for (const site of sites) {
    const options = { ...style(site), renderer };
    const shape = L.geoJSON(/** @type {any} */ (site), {
      style: options,
      pointToLayer: (_feature, at) => L.circleMarker(at, { ...options, radius: POINT_RADIUS }),
    });
    const bounds = shape.getBounds();
    places.set(String(site.id), bounds);
    all.addLayer(shape.bindTooltip(() => words(site), { sticky: true }));
    const dot = L.circleMarker(bounds.getCenter(), { ...options, radius: POINT_RADIUS }).bindTooltip(() => words(site));
    const showDot = () => {
      const across = map.latLngToLayerPoint(bounds.getNorthEast()).distanceTo(map.latLngToLayerPoint(bounds.getSouthWest()));
      if (across < LEAST_PX && across > 0) dots.addLayer(dot);
      else dots.removeLayer(dot);
    };
    map.on("zoomend", showDot);
  }
  all.addTo(map);
  dots.addTo(map);
  fit(all.getBounds());
  map.fire("zoomend");
}

/** @param {Site[]} sites */
function drawKey(sites) {
  const present = new Map(sites.map((site) => [site.properties.verdict, site.properties.after]));
  byId("impact-key").append(...Array.from(present, ([verdict, label]) => element("li", "", element("span", `impact-verdict impact-${verdict}`, label))));
}

/** @param {L.LatLngBounds} bounds */
function fit(bounds) {
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [20, 20], maxZoom: 15, animate: !calm });
  else map.setView([38.2, 112.7], 8);
}

for (const button of document.querySelectorAll(".impact-show")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const bounds = places.get(button.dataset.code ?? "");
    if (!bounds) return;
    fit(bounds);
    place.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    place.focus();
  });
}

async function load() {
  const answer = fetch(place.dataset.url ?? "").then((response) => {
    if (!response.ok) throw new Error(String(response.status));
    return /** @type {Promise<{features: Site[]}>} */ (response.json());
  });
  const land = await loadFeatures(place.dataset.counties ?? "").catch(() => []);
  fit(L.geoJSON(/** @type {any} */ ({ type: "FeatureCollection", features: land })).getBounds());
  drawLand(map, land);
  try {
    const { features } = await answer;
    draw(features);
    drawKey(features);
  } catch {
    said.textContent = gettext("The sites could not be loaded. Load the page anew to try again.");
  }
  place.setAttribute("aria-busy", "false");
}

load();
