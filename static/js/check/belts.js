/** Gauss-Krüger and Web Mercator coordinates as degrees, so that what is pasted can be seen; the server reads it by itself. */

const A = 6378137;
const F = 1 / 298.257222101; // the ellipsoid of CGCS2000
const N = F / (2 - F);
const RECTIFYING_M = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const BETA = [N / 2 - (2 * N ** 2) / 3 + (37 * N ** 3) / 96, N ** 2 / 48 + N ** 3 / 15, (17 * N ** 3) / 480];
const DELTA = [2 * N - (2 * N ** 2) / 3 - 2 * N ** 3, (7 * N ** 2) / 3 - (8 * N ** 3) / 5, (56 * N ** 3) / 15];
const DEGREES = 180 / Math.PI;

/** Central meridian and false easting of each belt. @type {Record<string, [number, number]>} */
const BELTS = {
  "EPSG:4525": [111, 37_500_000],
  "EPSG:4526": [114, 38_500_000],
  "EPSG:4546": [111, 500_000],
  "EPSG:4547": [114, 500_000],
};

/** @param {string} crs */
export function isGeographic(crs) {
  return crs === "EPSG:4490" || crs === "EPSG:4326";
}

/**
 * Longitude and latitude; what it is given where the system is in degrees already.
 *
 * @param {string} crs
 * @param {GeoJSON.Position} position  East or longitude first.
 * @returns {[number, number]}
 */
export function toDegrees(crs, [x, y]) {
  if (crs === "EPSG:3857") return [(x / A) * DEGREES, Math.atan(Math.sinh(y / A)) * DEGREES];
  const belt = BELTS[crs];
  return belt ? ofBelt(belt, x, y) : [x, y];
}

/** Krüger's series, to a millimetre within the belt. @param {[number, number]} belt @param {number} x @param {number} y @returns {[number, number]} */
function ofBelt([meridian, falseEasting], x, y) {
  const xi = y / RECTIFYING_M;
  const eta = (x - falseEasting) / RECTIFYING_M;
  const turn = (/** @type {(term: number, order: number) => number} */ part) => BETA.reduce((sum, term, i) => sum + part(term, 2 * (i + 1)), 0);
  const north = xi - turn((term, order) => term * Math.sin(order * xi) * Math.cosh(order * eta));
  const east = eta - turn((term, order) => term * Math.cos(order * xi) * Math.sinh(order * eta));
  const chi = Math.asin(Math.sin(north) / Math.cosh(east));
  const latitude = DELTA.reduce((sum, term, i) => sum + term * Math.sin(2 * (i + 1) * chi), chi);
  return [meridian + Math.atan2(Math.sinh(east), Math.cos(north)) * DEGREES, latitude * DEGREES];
}

/**
 * Area or length on the ellipsoid in m² or m, close enough while drawing: a plane that touches it at the site.
 *
 * @param {"area" | "line" | "point"} kind
 * @param {GeoJSON.Position[]} positions  Degrees.
 */
export function roughSize(kind, positions) {
  if (kind === "point" || positions.length < 2) return 0;
  const middle = positions.reduce((sum, [, lat]) => sum + lat, 0) / positions.length / DEGREES;
  const bent = 1 - F * (2 - F) * Math.sin(middle) ** 2;
  const northM = (A * (1 - F) ** 2) / bent ** 1.5 / DEGREES;
  const eastM = (A / Math.sqrt(bent)) * (Math.cos(middle) / DEGREES);
  const plane = positions.map(([lon, lat]) => [(lon - positions[0][0]) * eastM, (lat - positions[0][1]) * northM]);
  let size = 0;
  plane.forEach(([x, y], i) => {
    const [nextX, nextY] = plane[(i + 1) % plane.length];
    if (kind === "area") size += (x * nextY - nextX * y) / 2;
    else if (i + 1 < plane.length) size += Math.hypot(nextX - x, nextY - y);
  });
  return Math.abs(size);
}
