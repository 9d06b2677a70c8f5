/** Sites as text: what the form holds and the server reads. What can't be read here is left to the server to explain. */

/** @typedef {"area" | "line" | "point"} Kind */

const LINE = /^(?:\p{L}[\p{L}\p{N}_]{0,15}[\s,;:]+)?(-?\d{1,9}(?:\.\d+)?)\s*[\s,;]\s*(-?\d{1,9}(?:\.\d+)?)[\s,;]*$/u;

/**
 * @param {string} text
 * @param {Kind} kind
 * @returns {GeoJSON.GeoJsonObject | null}
 */
export function readText(text, kind) {
  const trimmed = text.trim();
  if (!trimmed) return null;
  if (trimmed.startsWith("{")) {
    try {
      return JSON.parse(trimmed);
    } catch {
      return null;
    }
  }
  const parts = readParts(trimmed);
  if (!parts.length) return null;
  if (kind === "point") return /** @type {GeoJSON.MultiPoint} */ ({ type: "MultiPoint", coordinates: parts.flat() });
  if (kind === "line") return /** @type {GeoJSON.MultiLineString} */ ({ type: "MultiLineString", coordinates: parts });
  return /** @type {GeoJSON.MultiPolygon} */ ({ type: "MultiPolygon", coordinates: parts.map((ring) => [ring]) });
}

/** Positions by part; none where a line is no position. @param {string} text @returns {GeoJSON.Position[][]} */
export function readParts(text) {
  /** @type {GeoJSON.Position[][]} */
  const parts = [[]];
  for (const line of text.trim().split(/\r?\n/)) {
    const plain = line.normalize("NFKC").replaceAll("、", ",").trim();
    const found = LINE.exec(plain);
    if (!plain) parts.push([]);
    else if (!found) return [];
    else parts[parts.length - 1].push([Number(found[1]), Number(found[2])]);
  }
  return parts.filter((part) => part.length);
}

/** @param {GeoJSON.Position[]} positions  Degrees. */
export function writeText(positions) {
  return positions.map(([lon, lat]) => `${lon.toFixed(7)}, ${lat.toFixed(7)}`).join("\n");
}

/**
 * The same shape with every position passed through a function.
 *
 * @param {any} value  GeoJSON or a part of it.
 * @param {(position: GeoJSON.Position) => GeoJSON.Position} change
 * @returns {any}
 */
export function mapPositions(value, change) {
  if (Array.isArray(value)) {
    return typeof value[0] === "number" ? change(value) : value.map((part) => mapPositions(part, change));
  }
  if (!value || typeof value !== "object") return value;
  const copy = { ...value };
  for (const name of ["coordinates", "geometry", "geometries", "features"]) {
    if (name in copy) copy[name] = mapPositions(copy[name], change);
  }
  return copy;
}
