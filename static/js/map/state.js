/** The address restores the view: #z=9&c=112.9,38.4&layers=projects,counties&at=project:code. */

/** @typedef {import("./config.js").Ref} Ref */

/**
 * @typedef {object} View
 * @property {number | null} zoom
 * @property {[number, number] | null} centre  Longitude, latitude.
 * @property {string[] | null} layers
 * @property {Ref | null} selected
 */

const LONGEST = 2000;

/** Reads an address; what makes no sense is left out. @param {string} hash @returns {View} */
export function readView(hash) {
  const values = new URLSearchParams(hash.slice(1, LONGEST));
  const [kind, code] = (values.get("at") ?? "").split(":", 2);
  return {
    zoom: numberWithin(values.get("z"), 0, 24),
    centre: positionOf(values.get("c")),
    layers: values.get("layers")?.split(",") ?? null,
    selected: /^[a-z]+$/.test(kind) && /^[\w.-]+$/.test(code ?? "") ? { kind, code } : null,
  };
}

/** @param {View} view @returns {string} */
export function writeView(view) {
  const parts = [];
  if (view.zoom !== null) parts.push(`z=${Number(view.zoom.toFixed(2))}`);
  if (view.centre) parts.push(`c=${view.centre.map((degrees) => degrees.toFixed(4)).join(",")}`);
  if (view.layers) parts.push(`layers=${view.layers.join(",")}`);
  if (view.selected) parts.push(`at=${view.selected.kind}:${view.selected.code}`);
  return `#${parts.join("&")}`;
}

/** @param {string | null} text @param {number} low @param {number} high */
function numberWithin(text, low, high) {
  const value = text ? Number(text) : NaN;
  return value >= low && value <= high ? value : null;
}

/** @param {string | null} text @returns {[number, number] | null} */
function positionOf(text) {
  const [lon, lat] = (text ?? "").split(",");
  const longitude = numberWithin(lon, -180, 180);
  const latitude = numberWithin(lat ?? null, -85, 85);
  return longitude === null || latitude === null ? null : [longitude, latitude];
}
