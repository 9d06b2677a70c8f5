import { codeOf, isExact, symbolOf } from "./records.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */

const SVG = "http://www.w3.org/2000/svg";
const DONUT_RADIUS = 10.5;

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 */
function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** The symbol of one feature. @param {LayerSpec} spec @param {Feature} feature */
export function markOf(spec, feature) {
  const symbol = symbolOf(spec, feature);
  const drawn = svg("svg", { class: "map-mark", "aria-hidden": "true", focusable: "false" });
  drawn.append(svg("use", { href: `#mark-${symbol.mark || "dot"}`, fill: `var(${symbol.colour})` }));
  if (spec.id === "projects") drawn.append(svg("use", { href: isExact(feature) ? "#ring-exact" : "#ring-approximate" }));
  return drawn;
}

/**
 * Projects that share a symbol: a ring parted by stage around their number, broken unless every place is exact.
 *
 * @param {LayerSpec} spec
 * @param {Feature[]} features
 */
export function donutOf(spec, features) {
  const round = 2 * Math.PI * DONUT_RADIUS;
  const drawn = svg("svg", { class: "map-mark donut", viewBox: "-17 -17 34 34", "aria-hidden": "true", focusable: "false" });
  drawn.append(svg("circle", { class: "donut-ground", r: 13.5 }));
  let done = 0;
  for (const symbol of spec.symbols) {
    const share = features.filter((feature) => symbolOf(spec, feature) === symbol).length / features.length;
    if (!share) continue;
    const arc = svg("circle", { class: "donut-arc", r: DONUT_RADIUS, stroke: `var(${symbol.colour})` });
    arc.setAttribute("stroke-dasharray", `${share * round} ${round}`);
    arc.setAttribute("stroke-dashoffset", String(-done * round));
    drawn.append(arc);
    done += share;
  }
  drawn.append(svg("circle", { class: "donut-hole", r: 7.8 }));
  drawn.append(svg("circle", { class: features.every(isExact) ? "ring" : "ring ring-broken", r: 14.6 }));
  const number = svg("text", { class: "donut-count", y: 0.5 });
  number.textContent = String(features.length);
  drawn.append(number);
  return drawn;
}

/** A key that stays the same while the same features share a symbol. @param {LayerSpec} spec @param {Feature[]} features */
export function keyOf(spec, features) {
  return `${spec.id}:${features.map(codeOf).join(",")}`;
}
