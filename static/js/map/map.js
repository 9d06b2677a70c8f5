import { announce } from "./announce.js";
import { createMap, drawLand, showZone, zoneBounds } from "./base.js";
import { LayerBook } from "./book.js";
import { Choice } from "./choice.js";
import { byId, calm, element, readConfig } from "./config.js";
import { FactsPanel } from "./facts.js";
import { anchorOf, extentOf, isPoint } from "./geometry.js";
import { addGraticule } from "./graticule.js";
import { Labels } from "./labels.js";
import { Legend, showFailures } from "./legend.js";
import { ProjectList } from "./list.js";
import { Points } from "./points.js";
import { nameOf, whereShown } from "./records.js";
import { Register } from "./register.js";
import { Shapes } from "./shapes.js";
import { setUpSidebar, sheets } from "./sidebar.js";
import { readView, writeView } from "./state.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */
/** @typedef {import("./config.js").Ref} Ref */

const FACTS_WIDTH_PX = 400;
const CLOSE_ZOOM = 10.5;

const config = readConfig();
const map = createMap(config);
const zone = zoneBounds(config);
addGraticule(map);
const book = new LayerBook(config.layers);
const choice = new Choice();
const register = new Register(book);
new Shapes(map, book, choice);
const points = new Points(map, book, register, choice);
new Labels(map, book, points, register, choice, showCountyOnly);
new Legend(map, book);
new ProjectList(map, book, register, choice);
const facts = new FactsPanel(config.panelUrl, choice);
showFailures(book);

points.severalChosen.listen(({ spec, features }) => showGroup(spec, features));
choice.selectionChanged.listen((ref) => {
  if (ref) bringIntoView(ref);
});
book.changed.listen((spec) => {
  if (spec.id === "counties" && book.state("counties") === "ready" && !landDrawn) {
    landDrawn = true;
    drawLand(map, book.features("counties"));
  }
  byId("map-stage").setAttribute("aria-busy", String(!book.isSettled()));
});
let landDrawn = false;

setUpSidebar(() => map.invalidateSize({ animate: false }));
new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(byId("map"));
applyView();
map.on("moveend", writeAddress);
book.changed.listen(writeAddress);
choice.selectionChanged.listen(writeAddress);
window.addEventListener("hashchange", applyView);
document.documentElement.dataset.map = "ready";

/** Shows what the address asks for. */
function applyView() {
  const view = readView(location.hash);
  if (view.zoom !== null && view.centre) map.setView([view.centre[1], view.centre[0]], view.zoom, { animate: false });
  else showZone(map, zone);
  const wanted = view.layers ?? config.layers.filter((layer) => layer.visible).map((layer) => layer.id);
  for (const layer of config.layers) book.switch(layer.id, wanted.includes(layer.id));
  // Counties are the land itself, and what projects known only to their county stand at. What is chosen may be of a layer that is off.
  const needed = config.layers.filter((layer) => ["counties", "projects"].includes(layer.id) || layer.kind === view.selected?.kind);
  void Promise.all(needed.map((layer) => book.load(layer.id))).then(() => {
    if (view.selected && choice.selected?.code !== view.selected.code) choice.select(view.selected);
  });
}

function writeAddress() {
  const centre = map.getCenter();
  const hash = writeView({
    zoom: map.getZoom(),
    centre: [centre.lng, centre.lat],
    layers: Array.from(book.on),
    selected: choice.selected,
  });
  history.replaceState(null, "", hash);
  // The language switch comes back to the same view.
  const next = document.querySelector('.language-switch input[name="next"]');
  if (next instanceof HTMLInputElement) next.value = location.pathname + location.search + hash;
}

/** Moves the map as far as needed for what is chosen to be seen beside the panel. @param {Ref} ref */
function bringIntoView(ref) {
  const found = book.find(ref);
  if (!found) return;
  const where = found.spec.id === "projects" ? whereShown(found.feature) : "point";
  const county = where === "county" && book.find({ kind: book.spec("counties").kind, code: found.feature.properties.county });
  const geometry = county ? county.feature.geometry : where === "point" ? found.feature.geometry : null;
  if (!geometry) {
    announce(gettext("No document says where this is."));
    return;
  }
  /** @type {L.FitBoundsOptions} */
  const room = { paddingTopLeft: [40, 40], paddingBottomRight: sheets.matches ? [40, map.getSize().y * 0.58] : [FACTS_WIDTH_PX + 30, 40], animate: !calm };
  if (isPoint(geometry)) {
    const [lon, lat] = anchorOf(geometry);
    map.panInside([lat, lon], room);
  } else {
    const [west, south, east, north] = extentOf(geometry);
    const bounds = L.latLngBounds([south, west], [north, east]);
    if (seenBeside(room).contains(bounds)) return;
    // What is partly in sight is only moved out from under the panel: the reader keeps the scale.
    const maxZoom = map.getBounds().intersects(bounds) ? map.getZoom() : Math.max(map.getZoom(), CLOSE_ZOOM);
    map.fitBounds(bounds, { ...room, maxZoom });
  }
}

/** The part of the map that the panel leaves free. @param {L.FitBoundsOptions} room */
function seenBeside(room) {
  const from = L.point(room.paddingTopLeft ?? [0, 0]);
  const to = map.getSize().subtract(L.point(room.paddingBottomRight ?? [0, 0]));
  return L.latLngBounds(map.containerPointToLatLng(from), map.containerPointToLatLng(to));
}

/** @param {LayerSpec} spec @param {Feature[]} features */
function showGroup(spec, features) {
  const bounds = L.latLngBounds(features.map((feature) => {
    const [lon, lat] = anchorOf(/** @type {GeoJSON.Geometry} */ (feature.geometry));
    return [lat, lon];
  }));
  const title = interpolate(gettext("%(layer)s: %(count)s here"), { layer: spec.title, count: features.length }, true);
  if (bounds.getNorthEast().equals(bounds.getSouthWest())) {
    facts.showSeveral(title, gettext("They share one approximate place."), spec, features, []);
    return;
  }
  const nearer = element("button", "facts-zoom", gettext("Zoom in to see them apart"));
  nearer.type = "button";
  nearer.onclick = () => map.fitBounds(bounds, { paddingTopLeft: [60, 60], paddingBottomRight: [60, 60], animate: !calm });
  facts.showSeveral(title, gettext("They lie close together at this scale."), spec, features, [nearer]);
}

/** @param {Feature} county @param {Feature[]} projects */
function showCountyOnly(county, projects) {
  const title = interpolate(
    gettext("%(county)s: known only to the county: %(count)s"), { county: nameOf(county), count: projects.length }, true,
  );
  facts.showSeveral(title, gettext("No document says where in the county they are."), book.spec("projects"), projects, []);
}
