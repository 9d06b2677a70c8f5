import { drawLand } from "../base.js";
import { byId, calm, element } from "../config.js";
import { loadFeatures } from "../data.js";

/**
 * The map of a release and the list beside it: what it adds, removes and changes, or its areas where it is in force itself.
 *
 * @typedef {"added" | "removed" | "changed" | "unchanged"} Change
 * @typedef {{change: Change, name: string, code: string, zone_class?: string, area_m2?: number}} Properties
 * @typedef {GeoJSON.Feature<GeoJSON.Geometry, Properties>} Area
 * @typedef {{features: Area[], left_out: number}} Answer
 * @typedef {{area: Area, shape: L.Polygon, button: HTMLButtonElement | null}} Entry
 */

const SHOWN_AT_ONCE = 100;
/** Fill of areas; the outline is of full strength. */
const FILL = 0.3;
const CHOSEN_FILL = 0.6;
/** A canvas takes no variables: the colour is asked of the style sheet once. */
const COLOURS = { added: "--change-added", removed: "--change-removed", changed: "--change-changed", unchanged: "--change-unchanged" };

/** @param {Change} change */
function word(change) {
  return { added: gettext("added"), removed: gettext("removed"), changed: gettext("changed"), unchanged: gettext("unchanged") }[change];
}

/** @param {number} area_m2 */
function size(area_m2) {
  const km2 = area_m2 >= 100_000;
  const value = km2 ? area_m2 / 1e6 : area_m2;
  const digits = km2 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumFractionDigits: value < 10 ? 1 : 0 };
  return `${value.toLocaleString(document.documentElement.lang, digits)} ${km2 ? "km²" : "m²"}`;
}

class ReleaseMap {
  /** @param {HTMLElement} page */
  constructor(page) {
    this.page = page;
    this.said = byId("release-said");
    this.list = byId("release-areas");
    this.more = byId("release-more");
    /** @type {Entry[]} */
    this.entries = [];
    /** @type {Entry | null} */
    this.chosen = null;
    this.shown = 0;
    const styles = getComputedStyle(page);
    this.colours = Object.fromEntries(Object.entries(COLOURS).map(([change, token]) => [change, styles.getPropertyValue(token).trim()]));
    this.map = L.map("map", { attributionControl: false, zoomControl: false, maxZoom: 18, zoomAnimation: !calm, fadeAnimation: !calm, inertia: !calm });
    this.map.createPane("land").style.zIndex = "200";
    L.control.zoom({ zoomInTitle: gettext("Zoom in"), zoomOutTitle: gettext("Zoom out") }).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    this.renderer = L.canvas({ padding: 0.3 });
    this.more.addEventListener("click", () => this.show(this.shown + SHOWN_AT_ONCE, true));
  }

  async load() {
    const answer = this.ask();
    const counties = loadFeatures(this.page.dataset.counties ?? "").catch(() => []);
    answer.catch(() => null); // it is awaited below; until then its failure is nobody's
    const land = await counties;
    drawLand(this.map, land);
    this.fit(L.geoJSON(/** @type {any} */ ({ type: "FeatureCollection", features: land })).getBounds());
    try {
      this.draw(await answer);
    } catch {
      this.said.textContent = gettext("The areas could not be loaded. Load the page anew to try again.");
    }
    this.page.setAttribute("aria-busy", "false");
  }

  /** @returns {Promise<Answer>} */
  async ask() {
    const response = await fetch(this.page.dataset.url ?? "");
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  /** @param {Answer} answer */
  draw(answer) {
    const all = L.featureGroup();
    const order = Object.keys(COLOURS);
    const features = answer.features.toSorted((one, other) => order.indexOf(one.properties.change) - order.indexOf(other.properties.change));
    for (const area of features) {
      const shape = /** @type {L.Polygon} */ (L.GeoJSON.geometryToLayer(area, { style: {} }));
      shape.options.renderer = this.renderer;
      shape.setStyle(this.style(area.properties.change, false));
      const entry = { area, shape, button: null };
      shape.on("click", () => this.choose(entry, false));
      this.entries.push(entry);
      all.addLayer(shape);
    }
    all.addTo(this.map);
    if (this.entries.length) this.fit(all.getBounds());
    this.drawKey();
    this.show(SHOWN_AT_ONCE, false);
    this.said.textContent = this.sentence(answer);
  }

  /** @param {Answer} answer */
  sentence(answer) {
    const drawn = answer.features.length;
    if (!drawn) return gettext("There is no area to show.");
    if (answer.left_out) {
      return interpolate(gettext("Too many to draw all: %(drawn)s of %(all)s areas are shown."), { drawn, all: drawn + answer.left_out }, true);
    }
    return interpolate(ngettext("%(n)s area", "%(n)s areas", drawn), { n: drawn }, true);
  }

  drawKey() {
    const present = /** @type {Change[]} */ (Object.keys(COLOURS)).filter((change) => this.entries.some((one) => one.area.properties.change === change));
    if (present.length === 1 && present[0] === "unchanged") return;
    byId("release-key").append(...present.map((change) => element("li", "", element("i", `change-sign change-sign-${change}`), word(change))));
  }

  /** @param {number} count  Of the rows that stand in the list afterwards. @param {boolean} focus  On the first that is new. */
  show(count, focus) {
    const first = this.shown;
    const rows = this.entries.slice(first, count).map((entry) => element("li", "", this.button(entry)));
    this.list.append(...rows);
    this.shown = first + rows.length;
    this.more.hidden = this.shown >= this.entries.length;
    if (focus) this.entries[first]?.button?.focus();
  }

  /** @param {Entry} entry */
  button(entry) {
    const { change, name, code, zone_class, area_m2 } = entry.area.properties;
    const beneath = [change === "unchanged" ? "" : word(change), zone_class].filter(Boolean).join(" · ");
    const title = element("span", "", name || code, ...(beneath ? [element("span", "fine", beneath)] : []));
    const made = element("button", "", element("i", `change-sign change-sign-${change}`), title);
    if (area_m2 !== undefined) made.append(element("span", "release-area-size", size(area_m2)));
    made.type = "button";
    made.setAttribute("aria-pressed", "false");
    made.addEventListener("click", () => this.choose(entry, true));
    entry.button = made;
    return made;
  }

  /** @param {Entry} entry @param {boolean} go  Whether the map goes there; a click on the map is there already. */
  choose(entry, go) {
    for (const [one, chosen] of /** @type {[Entry | null, boolean][]} */ ([[this.chosen, false], [entry, true]])) {
      one?.shape.setStyle(this.style(one.area.properties.change, chosen));
      one?.button?.setAttribute("aria-pressed", String(chosen));
    }
    this.chosen = entry;
    entry.shape.bringToFront();
    if (go) {
      this.fit(entry.shape.getBounds());
      return;
    }
    const place = this.entries.indexOf(entry);
    if (place >= this.shown) this.show(place + 1, false);
    entry.button?.setAttribute("aria-pressed", "true");
    entry.button?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Change} change @param {boolean} chosen @returns {L.PathOptions} */
  style(change, chosen) {
    const dashArray = change === "removed" ? "5 4" : undefined;
    const colour = this.colours[change];
    return { color: colour, weight: chosen ? 3 : 1.5, dashArray, fillColor: colour, fillOpacity: chosen ? CHOSEN_FILL : FILL };
  }

  /** @param {L.LatLngBounds} bounds */
  fit(bounds) {
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [20, 20], maxZoom: 16, animate: !calm });
    else this.map.setView([38.2, 112.7], 8);
  }
}

new ReleaseMap(byId("release-map")).load();
