import { showZone, zoneBounds } from "../map/base.js";
import { byId, calm } from "../map/config.js";
import { isGeographic, roughSize, toDegrees } from "./belts.js";
import { MOST_HANDLES, Sketch } from "./draw.js";
import { createGround } from "./ground.js";
import { mapPositions, readParts, readText, writeText } from "./text.js";

/** @typedef {import("./text.js").Kind} Kind */

const MU_IN_M2 = 10_000 / 15;
const MOST_FILE_CHARACTERS = 2_000_000;
const WAIT_MS = 250;
const CLOSE_ZOOM = 15;

const config = JSON.parse(byId("map-config").textContent ?? "");
const form = /** @type {HTMLFormElement} */ (byId("ask"));
const text = /** @type {HTMLTextAreaElement} */ (byId("geometry"));
const crs = /** @type {HTMLSelectElement} */ (byId("crs"));
const file = /** @type {HTMLInputElement} */ (byId("file"));
const map = createGround(config);
const zone = zoneBounds(config);
const sketch = new Sketch(map, chosenKind());
/** What was pasted and has too many points or parts to be changed by hand. */
const preview = L.geoJSON(undefined, {
  style: { color: "var(--accent)", weight: 2.5, fillOpacity: 0.14 },
  interactive: false,
  pointToLayer: (_feature, at) => L.circleMarker(at, { radius: 6, interactive: false }),
}).addTo(map);
let waiting = 0;

byId("tools").hidden = false;
byId("add").onclick = () => sketch.add(map.getCenter());
byId("undo").onclick = () => sketch.undo();
byId("finish").onclick = () => sketch.finish();
byId("clear").onclick = () => {
  preview.clearLayers();
  sketch.clear();
};
sketch.changed.listen(write);
for (const radio of form.querySelectorAll('input[name="kind"]')) {
  radio.addEventListener("change", () => {
    sketch.kind = chosenKind();
    if (text.value.trim() && !isSketched()) read(true);
    else sketch.become(chosenKind());
  });
}
text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = window.setTimeout(() => read(true), WAIT_MS);
});
crs.addEventListener("change", () => read(true));
file.addEventListener("change", () => void takeFile());
showZone(map, zone);
read(true);
showNear();
document.documentElement.dataset.check = "ready";

/** @returns {Kind} */
function chosenKind() {
  const chosen = form.querySelector('input[name="kind"]:checked');
  return /** @type {Kind} */ (chosen instanceof HTMLInputElement ? chosen.value : "area");
}

/** Whether what the text holds is what is drawn. */
function isSketched() {
  return text.value === writeText(sketch.positions);
}

/** What is drawn, into the form. */
function write() {
  const draw = form.querySelector('input[name="way"][value="draw"]');
  if (draw instanceof HTMLInputElement) draw.checked = true;
  preview.clearLayers();
  text.value = writeText(sketch.positions);
  if (!isGeographic(crs.value)) crs.value = "EPSG:4490";
  measure();
}

/** What the form holds, onto the map. @param {boolean} show  Whether to go there. */
function read(show) {
  preview.clearLayers();
  const parts = isGeographic(crs.value) && !text.value.trim().startsWith("{") ? readParts(text.value) : [];
  if (parts.length === 1 && parts[0].length <= MOST_HANDLES && parts[0].every(isPlace)) {
    const [first, last] = [parts[0][0], parts[0].at(-1) ?? []];
    const isClosed = sketch.kind === "area" && parts[0].length > 3 && first[0] === last[0] && first[1] === last[1];
    sketch.set(isClosed ? parts[0].slice(0, -1) : parts[0], true);
  } else {
    sketch.set([], false);
    const shape = readText(text.value, chosenKind());
    if (shape) showShape(mapPositions(shape, (position) => toDegrees(crs.value, position)));
  }
  measure();
  if (show) goThere();
}

/** @param {any} shape  GeoJSON in degrees; what is none is left to the server to explain. */
function showShape(shape) {
  let isThere = true;
  try {
    mapPositions(shape, (position) => {
      isThere &&= isPlace(position);
      return position;
    });
    if (isThere) preview.addData(shape);
  } catch {
    preview.clearLayers();
  }
}

/** @param {GeoJSON.Position} position */
function isPlace([lon, lat]) {
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 85;
}

function goThere() {
  const bounds = preview.getLayers().length ? preview.getBounds() : L.latLngBounds(sketch.latLngs());
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [50, 50], maxZoom: 17, animate: !calm });
}

/** The site or the place of the record that the page was opened for. */
function showNear() {
  if (!config.near || text.value.trim()) return;
  if (config.near.type === "Point") {
    const [lon, lat] = config.near.coordinates;
    const style = { radius: 10, color: "var(--accent)", weight: 2, dashArray: "3 3", fillOpacity: 0.1, interactive: false };
    L.circleMarker([lat, lon], style).addTo(map);
    map.setView([lat, lon], CLOSE_ZOOM, { animate: false });
    return;
  }
  preview.addData(config.near);
  goThere();
}

function measure() {
  const size = roughSize(sketch.kind, sketch.positions);
  const number = (/** @type {number} */ value) => value.toLocaleString("en", { maximumSignificantDigits: 4 });
  const values = { m: number(size), m2: number(size), km2: number(size / 1e6), mu: number(size / MU_IN_M2) };
  const area = size < 1e6 ? gettext("about %(m2)s m², %(mu)s mu") : gettext("about %(km2)s km², %(mu)s mu");
  const said = sketch.kind === "area" ? area : gettext("about %(m)s m");
  byId("measure").textContent = size > 0 ? interpolate(said, values, true) : "";
}

/** GeoJSON can be seen before it is sent; other kinds are read by the server. */
async function takeFile() {
  const [chosen] = Array.from(file.files ?? []);
  if (!chosen || !/\.(geo)?json$/i.test(chosen.name) || chosen.size > MOST_FILE_CHARACTERS) return;
  const content = await chosen.text();
  if (/"crs"\s*:/.test(content.slice(0, 10_000))) return;
  preview.clearLayers();
  sketch.set([], false);
  const shape = readText(content, "area");
  if (shape) showShape(shape);
  goThere();
}
