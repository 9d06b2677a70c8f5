import { byId, calm } from "./config.js";

/** @typedef {import("./config.js").MapConfig} MapConfig */
/** @typedef {import("./config.js").Feature} Feature */

const ZONE_PADDING_PX = 20;
/** Shanxi, for a portal whose counties have not been loaded. */
const SOMEWHERE = /** @type {[number, number, number, number]} */ ([110.2, 34.6, 114.6, 40.8]);

/** Panes from the ground up; the layers' own panes lie between land and highlight. */
const PANES = { graticule: 190, land: 200, highlight: 560, labels: 580 };

/** @param {MapConfig} config @returns {L.Map} */
export function createMap(config) {
  const zone = zoneBounds(config);
  const map = L.map("map", {
    zoomControl: false,
    attributionControl: false,
    zoomSnap: 0.25,
    minZoom: 7,
    maxZoom: 16,
    maxBounds: zone.pad(1),
    zoomAnimation: !calm,
    markerZoomAnimation: !calm,
    fadeAnimation: !calm,
    inertia: !calm,
  });
  for (const [name, order] of Object.entries(PANES)) map.createPane(name).style.zIndex = String(order);
  map.getPane("graticule")?.classList.add("is-untouchable");
  L.control.zoom({ position: "topleft", zoomInTitle: gettext("Zoom in"), zoomOutTitle: gettext("Zoom out") }).addTo(map);
  addHomeButton(map, zone);
  addScale(map);
  showPosition(map);
  return map;
}

/** @param {MapConfig} config */
export function zoneBounds(config) {
  const [west, south, east, north] = config.bounds ?? SOMEWHERE;
  return L.latLngBounds([south, west], [north, east]);
}

/** @param {L.Map} map @param {L.LatLngBounds} zone */
export function showZone(map, zone) {
  map.fitBounds(zone, { padding: [ZONE_PADDING_PX, ZONE_PADDING_PX], animate: !calm });
}

/**
 * The land of the zone: raised from the paper around it by a lighter fill and a soft edge outside the counties.
 *
 * @param {L.Map} map
 * @param {Feature[]} counties
 */
export function drawLand(map, counties) {
  const land = { pane: "land", interactive: false, smoothFactor: 0.3 };
  const collection = /** @type {GeoJSON.FeatureCollection} */ ({ type: "FeatureCollection", features: counties });
  for (const [width, token] of /** @type {[number, string][]} */ ([[9, "--map-zone-glow"], [3.5, "--map-zone-edge"]])) {
    L.geoJSON(collection, { ...land, style: { color: `var(${token})`, weight: width, opacity: 1, fill: false, lineJoin: "round" } }).addTo(map);
  }
  L.geoJSON(collection, { ...land, style: { stroke: false, fillColor: "var(--map-land)", fillOpacity: 1 } }).addTo(map);
}

/** @param {L.Map} map @param {L.LatLngBounds} zone */
function addHomeButton(map, zone) {
  const HomeControl = L.Control.extend({
    onAdd() {
      const bar = L.DomUtil.create("div", "leaflet-bar");
      const button = L.DomUtil.create("button", "home-button", bar);
      button.type = "button";
      button.title = gettext("Show the whole zone");
      button.setAttribute("aria-label", button.title);
      L.DomEvent.disableClickPropagation(bar);
      button.addEventListener("click", () => showZone(map, zone));
      return bar;
    },
  });
  new HomeControl({ position: "topleft" }).addTo(map);
}

/** @param {L.Map} map */
function addScale(map) {
  const scale = L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  const drawn = scale.getContainer();
  if (drawn) byId("map-scale").append(drawn);
}

/** Longitude and latitude under the pointer, or of the middle. @param {L.Map} map */
function showPosition(map) {
  const readout = byId("map-position");
  const show = (/** @type {L.LatLng} */ at) => {
    readout.textContent = `${at.lng.toFixed(4)}°E ${at.lat.toFixed(4)}°N CGCS2000`;
  };
  map.on("mousemove", (event) => show(event.latlng));
  map.on("mouseout moveend", () => show(map.getCenter()));
}
