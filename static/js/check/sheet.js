import { byId, calm } from "../map/config.js";
import { createGround } from "./ground.js";

/** @typedef {{rule: string, title: string, effect: string, geometry: GeoJSON.Geometry}} Piece */

const SITE_PADDING_PX = 34;
const COLOURS = /** @type {Record<string, string>} */ ({
  prohibits: "var(--bad)",
  restricts: "var(--warn)",
  unknown: "var(--ink-faint)",
  complies: "var(--ok)",
  informs: "var(--ink-soft)",
});
const QUIET = { weight: 1.5, fillOpacity: 0.16 };
const LOUD = { weight: 4, fillOpacity: 0.42 };

const config = JSON.parse(byId("map-config").textContent ?? "");
const map = createGround(config);
map.createPane("pieces").style.zIndex = "420";
map.createPane("site").style.zIndex = "430";

const site = L.geoJSON(config.site, {
  pane: "site",
  interactive: false,
  style: { color: "var(--accent)", weight: 2.5, fill: false },
  pointToLayer: (_feature, at) => L.circleMarker(at, { pane: "site", radius: 7, color: "var(--accent)", weight: 3, fillOpacity: 0.2, interactive: false }),
}).addTo(map);
/** @type {Map<string, L.GeoJSON>} */
const pieces = new Map();
for (const piece of /** @type {Piece[]} */ (config.pieces)) pieces.set(piece.rule, drawPiece(piece));

for (const row of document.querySelectorAll("[data-rule]")) {
  const rule = row.getAttribute("data-rule") ?? "";
  if (!pieces.has(rule)) continue;
  row.addEventListener("pointerenter", () => light(rule, true));
  row.addEventListener("pointerleave", () => light(rule, false));
  row.addEventListener("focusin", () => light(rule, true));
  row.addEventListener("focusout", () => light(rule, false));
}
for (const button of document.querySelectorAll("button[data-piece]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.onclick = () => {
    const piece = pieces.get(button.dataset.piece ?? "");
    if (piece) map.fitBounds(piece.getBounds(), { padding: [60, 60], maxZoom: 19, animate: !calm });
    byId("map-stage").scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  };
}
showSite();
const print = byId("print");
print.hidden = false;
print.onclick = () => window.print();
window.addEventListener("beforeprint", () => {
  map.invalidateSize({ animate: false });
  showSite();
});
document.documentElement.dataset.check = "ready";

function showSite() {
  map.fitBounds(site.getBounds(), { padding: [SITE_PADDING_PX, SITE_PADDING_PX], maxZoom: 17, animate: false });
}

/** @param {Piece} piece */
function drawPiece(piece) {
  const colour = COLOURS[piece.effect];
  const style = { pane: "pieces", color: colour, ...QUIET };
  const layer = L.geoJSON(piece.geometry, {
    pane: "pieces",
    style,
    pointToLayer: (_feature, at) => L.circleMarker(at, { radius: 9, ...style }),
  });
  layer.bindTooltip(() => tooltip(piece.title), { sticky: true });
  layer.on({
    mouseover: () => light(piece.rule, true),
    mouseout: () => light(piece.rule, false),
    click: () => byId(piece.rule).scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" }),
  });
  return layer.addTo(map);
}

/** A title is text, whatever it holds. @param {string} title */
function tooltip(title) {
  const span = document.createElement("span");
  span.textContent = title;
  return span;
}

/** @param {string} rule @param {boolean} isOn */
function light(rule, isOn) {
  const piece = pieces.get(rule);
  piece?.setStyle(isOn ? LOUD : QUIET);
  if (isOn) piece?.bringToFront();
  byId(rule).classList.toggle("is-lit", isOn);
}
