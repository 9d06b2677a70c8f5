/**
 * What the page hands to the scripts, and the shapes of the data they pass around.
 *
 * @typedef {{value: string, label: string, colour: string, width: number, dash: string, fill: string, mark: string}} SymbolSpec
 *
 * @typedef {object} LayerSpec  One published layer, as portal/layers.py declares it.
 * @property {string} id
 * @property {string} title
 * @property {string} url
 * @property {string} kind  Of its records in the address of the facts panel; empty when they have none.
 * @property {"point" | "line" | "area" | "mixed"} geometry
 * @property {string} symbolField
 * @property {SymbolSpec[]} symbols
 * @property {{field: string, minZoom: number} | null} label
 * @property {number} minZoom
 * @property {number} maxZoom
 * @property {boolean} visible
 * @property {boolean} grouped  Whether its symbols share a place with others that would cover them.
 *
 * @typedef {object} MapConfig
 * @property {string} language
 * @property {[number, number, number, number] | null} bounds  West, south, east, north of the counties.
 * @property {string} panelUrl  With KIND and CODE to replace.
 * @property {LayerSpec[]} layers  The top one first.
 *
 * @typedef {Record<string, any>} Properties
 * @typedef {GeoJSON.Feature<GeoJSON.Geometry | null, Properties>} Feature
 *
 * @typedef {{kind: string, code: string}} Ref  A record.
 */

/** @returns {MapConfig} */
export function readConfig() {
  return JSON.parse(byId("map-config").textContent ?? "");
}

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children  Text stays text, whatever it holds.
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Whether the reader asked for less movement. */
export const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
