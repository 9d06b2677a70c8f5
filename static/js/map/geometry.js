/** Plane and sphere geometry of the map; pure functions. */

/** @typedef {GeoJSON.Geometry} Geometry */
/** @typedef {GeoJSON.Position} Position */
/** @typedef {{x: number, y: number}} Pixel */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

/**
 * The lines of a geometry: lines as they are, rings of polygons; a point is a line of one.
 *
 * @param {Geometry} geometry
 * @returns {Position[][]}
 */
export function linesOf(geometry) {
  switch (geometry.type) {
    case "Point":
      return [[geometry.coordinates]];
    case "MultiPoint":
      return geometry.coordinates.map((position) => [position]);
    case "LineString":
      return [geometry.coordinates];
    case "MultiLineString":
    case "Polygon":
      return geometry.coordinates;
    case "MultiPolygon":
      return geometry.coordinates.flat();
    case "GeometryCollection":
      return geometry.geometries.flatMap(linesOf);
  }
}

/** @param {Geometry} geometry */
export function isPoint(geometry) {
  return geometry.type === "Point" || geometry.type === "MultiPoint";
}

/** @param {Geometry} geometry */
export function isArea(geometry) {
  return geometry.type === "Polygon" || geometry.type === "MultiPolygon";
}

/**
 * West, south, east, north.
 *
 * @param {Geometry} geometry
 * @returns {[number, number, number, number]}
 */
export function extentOf(geometry) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of linesOf(geometry).flat()) {
    west = Math.min(west, x);
    south = Math.min(south, y);
    east = Math.max(east, x);
    north = Math.max(north, y);
  }
  return [west, south, east, north];
}

/**
 * Where the symbol of a geometry stands: the point itself, else the middle of what it covers.
 *
 * @param {Geometry} geometry
 * @returns {Position}
 */
export function anchorOf(geometry) {
  if (geometry.type === "Point") return geometry.coordinates;
  const [west, south, east, north] = extentOf(geometry);
  return [(west + east) / 2, (south + north) / 2];
}

/** @param {Box} a @param {Box} b */
export function overlapArea(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/**
 * @param {Pixel} centre
 * @param {number} width
 * @param {number} height
 * @returns {Box}
 */
export function boxAround(centre, width, height) {
  return { left: centre.x - width / 2, top: centre.y - height / 2, right: centre.x + width / 2, bottom: centre.y + height / 2 };
}

/**
 * How far inside the rings a pixel lies; negative outside.
 *
 * @param {Pixel} at
 * @param {Pixel[][]} rings
 */
export function insideDistance(at, rings) {
  let inside = false;
  let nearest = Infinity;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const a = ring[i];
      const b = ring[j];
      if (a.y > at.y !== b.y > at.y && at.x < ((b.x - a.x) * (at.y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
      nearest = Math.min(nearest, squaredDistance(at, a, b));
    }
  }
  return Math.sqrt(nearest) * (inside ? 1 : -1);
}

/** @param {Pixel} at @param {Pixel} a @param {Pixel} b */
function squaredDistance(at, a, b) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length)) : 0;
  return (at.x - a.x - t * dx) ** 2 + (at.y - a.y - t * dy) ** 2;
}

/**
 * Pixels along a line at the given shares of its length.
 *
 * @param {Pixel[]} line
 * @param {number[]} shares
 * @returns {Pixel[]}
 */
export function alongLine(line, shares) {
  const steps = line.slice(1).map((to, i) => Math.hypot(to.x - line[i].x, to.y - line[i].y));
  const total = steps.reduce((sum, step) => sum + step, 0);
  return shares.map((share) => {
    let left = total * share;
    const i = steps.findIndex((step) => (left -= step) <= 0);
    if (i < 0) return line[line.length - 1];
    const t = steps[i] ? 1 + left / steps[i] : 0;
    return { x: line[i].x + t * (line[i + 1].x - line[i].x), y: line[i].y + t * (line[i + 1].y - line[i].y) };
  });
}
