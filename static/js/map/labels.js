import { element } from "./config.js";
import { alongLine, boxAround, insideDistance, isPoint, linesOf, overlapArea } from "./geometry.js";
import { codeOf, nameOf, shortName } from "./records.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */
/** @typedef {import("./geometry.js").Box} Box */
/** @typedef {import("./geometry.js").Pixel} Pixel */
/** @typedef {{text: string, inline: boolean, width: number, height: number}} CountyForm  Inline has the badge beside the name. */

const COUNTY_TEXT_PX = 13;
const SMALL_TEXT_PX = 12;
const LINE_PX = 20;
const BADGE_PX = 26;
/** A county's name takes the first form that stands this well; above 1 it has all the room it needs. */
const GOOD_SCORE = 0.8;
/** Below this a name would lie under symbols: it goes outside, on a leader line. */
const READABLE_SCORE = 0;
const LEADER_LENGTHS_PX = [45, 60, 75, 90, 110, 130, 150, 180];
const LEADER_DIRECTIONS = 24;
/** Lines are looked at every so many pixels when a name is kept clear of them. */
const SAMPLE_PX = 14;
const GRID = 14;
const LINE_SHARES = [0.5, 0.35, 0.65, 0.2, 0.8, 0.1, 0.9];

/** Names on the map, placed after the symbols and around them. */
export class Labels {
  /**
   * @param {L.Map} map
   * @param {import("./book.js").LayerBook} book
   * @param {import("./points.js").Points} points
   * @param {import("./register.js").Register} register
   * @param {import("./choice.js").Choice} choice
   * @param {(county: Feature, projects: Feature[]) => void} onBadge
   */
  constructor(map, book, points, register, choice, onBadge) {
    this.map = map;
    this.book = book;
    this.points = points;
    this.register = register;
    this.choice = choice;
    this.onBadge = onBadge;
    /** @type {Map<string, {marker: L.Marker, look: string}>} */
    this.placed = new Map();
    /** @type {Pixel[]} Along the lines that are drawn: names keep clear of them where they can. */
    this.lines = [];
    this.leaders = L.layerGroup().addTo(map);
    points.drawn.listen(() => this.update());
    choice.hoverChanged.listen(({ refs, on }) => this.lighten(refs, on));
    book.changed.listen((spec) => {
      if (spec.geometry === "area" || spec.geometry === "line") this.update();
    });
  }

  /** The badge of the county that holds a project in it. @param {import("./config.js").Ref[]} refs @param {boolean} on */
  lighten(refs, on) {
    for (const { code } of refs) {
      const badge = this.map.getPane("labels")?.querySelector(`.county-badge[data-codes~="${CSS.escape(code)}"]`);
      badge?.classList.toggle("is-hover", on);
    }
  }

  update() {
    /** @type {Set<string>} */
    const kept = new Set();
    const taken = this.points.boxes();
    this.lines = this.linesInView();
    this.labelCounties(taken, kept);
    for (const spec of this.book.specs) {
      if (!spec.label || spec.id === "counties" || this.map.getZoom() < spec.label.minZoom || !this.book.on.has(spec.id)) continue;
      this.labelLines(spec, taken, kept);
      this.labelPoints(spec, taken, kept);
    }
    for (const [key, { marker }] of this.placed) {
      if (kept.has(key)) continue;
      marker.remove();
      this.placed.delete(key);
    }
  }

  /** @param {Box[]} taken @param {Set<string>} kept */
  labelCounties(taken, kept) {
    this.leaders.clearLayers();
    const named = this.book.on.has("counties");
    const badges = this.book.on.has("projects") ? this.register.byCountyOnly() : new Map();
    const counties = this.book.features("counties").map((county) => ({ county, rings: this.ringsInView(county) }));
    counties.sort((a, b) => spread(a.rings) - spread(b.rings)); // the smallest has the fewest places to choose from
    /** @type {(() => void)[]} */
    const outside = [];
    for (const { county, rings } of counties) {
      const projects = badges.get(codeOf(county)) ?? [];
      if (!rings.length || !(named || projects.length)) continue;
      const forms = formsOf(named ? [nameOf(county), shortName(county)] : [""], projects.length > 0);
      const put = (/** @type {Pixel} */ at, /** @type {CountyForm} */ form) => {
        taken.push(boxAround(at, form.width, form.height));
        const look = `${form.text}|${form.inline}|${projects.map(codeOf).join()}`;
        this.put(`county:${codeOf(county)}`, at, look, () => this.countyLabel(county, form, projects));
        kept.add(`county:${codeOf(county)}`);
      };
      const inside = this.spotInside(rings, forms, taken);
      if (inside.score >= READABLE_SCORE) put(inside.at, inside.form);
      else {
        outside.push(() => {
          const form = forms[forms.length - 1];
          const at = this.spotOutside(inside.at, form, counties.map((other) => other.rings), taken);
          if (at) this.lead(inside.at, at, form);
          put(at ?? inside.at, at ? form : inside.form);
        });
      }
    }
    for (const place of outside) place();
  }

  /**
   * Where a name can stand beside the counties, free of everything.
   *
   * @param {Pixel} from
   * @param {CountyForm} form
   * @param {Pixel[][][]} counties
   * @param {Box[]} taken
   */
  spotOutside(from, form, counties, taken) {
    const view = this.view();
    let best = null;
    let least = Infinity;
    for (const length of LEADER_LENGTHS_PX) {
      for (let turn = 0; turn < LEADER_DIRECTIONS; turn += 1) {
        const angle = (2 * Math.PI * turn) / LEADER_DIRECTIONS;
        const at = { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) };
        const box = boxAround(at, form.width, form.height);
        if (overlapArea(box, view) < form.width * form.height || taken.some((other) => overlapArea(box, other))) continue;
        const depth = Math.max(...counties.filter((rings) => rings.length).map((rings) => insideDistance(at, rings)));
        const onLand = depth > -form.height ? 100 : 0;
        const cost = length + onLand + 15 * crossings(this.lines, box);
        if (cost < least) [best, least] = [at, cost];
      }
    }
    return best;
  }

  /** A line from a county to its name outside. @param {Pixel} from @param {Pixel} to @param {CountyForm} form */
  lead(from, to, form) {
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const reach = Math.min(form.width / 2 / Math.abs(dx || 1), form.height / 2 / Math.abs(dy || 1)); // ends at the edge of the name
    const end = { x: to.x - dx * reach, y: to.y - dy * reach };
    const line = [from, end].map(({ x, y }) => this.map.containerPointToLatLng([x, y]));
    this.leaders.addLayer(L.polyline(line, { pane: "highlight", interactive: false, color: "var(--map-county-text)", weight: 1 }));
    this.leaders.addLayer(L.circleMarker(line[0], { pane: "highlight", interactive: false, radius: 2, stroke: false, fillColor: "var(--map-county-text)", fillOpacity: 1 }));
  }

  /** @returns {Box} */
  view() {
    const size = this.map.getSize();
    return { left: 0, top: 0, right: size.x, bottom: size.y };
  }

  /** The outer and inner rings of a county in pixels of the view, thinned. @param {Feature} county @returns {Pixel[][]} */
  ringsInView(county) {
    const rings = linesOf(/** @type {GeoJSON.Geometry} */ (county.geometry)).map((ring) => {
      /** @type {Pixel[]} */
      const thinned = [];
      for (const [lon, lat] of ring) {
        const at = this.map.latLngToContainerPoint([lat, lon]);
        const last = thinned[thinned.length - 1];
        if (!last || Math.abs(last.x - at.x) + Math.abs(last.y - at.y) > 3) thinned.push(at);
      }
      return thinned;
    });
    return overlapArea(boundsOf(rings), this.view()) ? rings : [];
  }

  /** @returns {Pixel[]} */
  linesInView() {
    /** @type {Pixel[]} */
    const samples = [];
    for (const spec of this.book.specs) {
      if (!this.book.on.has(spec.id) || spec.geometry === "area") continue;
      for (const { geometry } of this.book.features(spec.id)) {
        for (const line of geometry && !isPoint(geometry) ? linesOf(geometry) : []) {
          const drawn = line.map(([lon, lat]) => this.map.latLngToContainerPoint([lat, lon]));
          const steps = Math.min(200, Math.ceil(lengthOf(drawn) / SAMPLE_PX));
          samples.push(...alongLine(drawn, Array.from({ length: steps + 1 }, (_, step) => step / (steps || 1))));
        }
      }
    }
    return samples;
  }

  /**
   * The best place for a county's name and badge: well inside, clear of symbols and lines, near the middle.
   *
   * @param {Pixel[][]} rings
   * @param {CountyForm[]} forms  The fullest first; the next is tried where it doesn't fit.
   * @param {Box[]} taken
   */
  spotInside(rings, forms, taken) {
    const view = this.view();
    const bounds = boundsOf(rings);
    const left = Math.max(bounds.left, view.left);
    const right = Math.min(bounds.right, view.right);
    const top = Math.max(bounds.top, view.top);
    const bottom = Math.min(bounds.bottom, view.bottom);
    const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
    const near = this.lines.filter((at) => at.x > left && at.x < right && at.y > top && at.y < bottom);
    const candidates = [];
    for (let row = 0.5; row < GRID; row += 1) {
      for (let column = 0.5; column < GRID; column += 1) {
        const at = { x: left + ((right - left) * column) / GRID, y: top + ((bottom - top) * row) / GRID };
        const depth = insideDistance(at, rings);
        if (depth > 0) candidates.push({ at, depth });
      }
    }
    if (!candidates.length) candidates.push({ at: middle, depth: 0 });
    let best = { at: middle, form: forms[0], score: -Infinity };
    for (const form of forms) {
      for (const { at, depth } of candidates) {
        const box = boxAround(at, form.width, form.height);
        const covered = taken.reduce((sum, other) => sum + overlapArea(box, other), 0) / (form.width * form.height);
        const crossed = crossings(near, box);
        const away = Math.hypot(at.x - middle.x, at.y - middle.y) / (right - left + bottom - top);
        const fit = Math.min((4 * depth) / (form.width + form.height), 1.1);
        const score = fit - 4 * covered - 0.06 * Math.min(crossed, 5) - 0.5 * away;
        if (score > best.score) best = { at, form, score };
      }
      if (best.score > GOOD_SCORE) break;
    }
    return best;
  }

  /** @param {Feature} county @param {CountyForm} form @param {Feature[]} projects */
  countyLabel(county, form, projects) {
    const label = element("div", form.inline ? "county-label county-label-inline" : "county-label");
    if (form.text) {
      const name = element("button", "county-name", form.text);
      name.setAttribute("aria-label", nameOf(county));
      name.onclick = () => this.choice.select({ kind: this.book.spec("counties").kind, code: codeOf(county) });
      label.append(name);
    }
    if (projects.length) {
      const badge = element("button", "county-badge", String(projects.length));
      badge.setAttribute(
        "aria-label",
        interpolate(gettext("%(county)s: known only to the county: %(count)s"), { county: nameOf(county), count: projects.length }, true),
      );
      badge.title = badge.getAttribute("aria-label") ?? "";
      badge.dataset.codes = projects.map(codeOf).join(" ");
      badge.onclick = () => this.onBadge(county, projects);
      label.append(badge);
    }
    L.DomEvent.disableClickPropagation(label);
    return label;
  }

  /** @param {LayerSpec} spec @param {Box[]} taken @param {Set<string>} kept */
  labelLines(spec, taken, kept) {
    for (const feature of this.book.features(spec.id)) {
      if (!feature.geometry || isPoint(feature.geometry) || spec.geometry === "area") continue;
      const lines = linesOf(feature.geometry).map((line) => line.map(([lon, lat]) => this.map.latLngToContainerPoint([lat, lon])));
      const longest = lines.reduce((best, line) => (lengthOf(line) > lengthOf(best) ? line : best), lines[0]);
      const text = nameOf(feature);
      if (lengthOf(longest) < widthOf(text, SMALL_TEXT_PX)) continue;
      this.putFree(`${spec.id}:${codeOf(feature)}`, text, `line-label line-label-${spec.id}`, alongLine(longest, LINE_SHARES), taken, kept);
    }
  }

  /** Names beside the symbols that stand for one feature. @param {LayerSpec} spec @param {Box[]} taken @param {Set<string>} kept */
  labelPoints(spec, taken, kept) {
    const origin = /** @type {L.Point} */ (this.map.getPixelBounds().min);
    for (const placed of this.points.placed.values()) {
      if (placed.spec !== spec || placed.features.length > 1) continue;
      const text = clipped(nameOf(placed.features[0]));
      const half = placed.size / 2;
      const width = widthOf(text, SMALL_TEXT_PX) / 2;
      const x = placed.at.x + placed.offset.x - origin.x;
      const y = placed.at.y + placed.offset.y - origin.y;
      const around = [
        { x: x + half + width + 3, y },
        { x: x - half - width - 3, y },
        { x, y: y + half + 9 },
        { x, y: y - half - 9 },
      ];
      this.putFree(`${spec.id}:${codeOf(placed.features[0])}`, text, "point-label", around, taken, kept);
    }
  }

  /** @param {string} key @param {string} text @param {string} className @param {Pixel[]} candidates @param {Box[]} taken @param {Set<string>} kept */
  putFree(key, text, className, candidates, taken, kept) {
    const view = this.view();
    const width = widthOf(text, SMALL_TEXT_PX) + 4;
    const height = SMALL_TEXT_PX * 1.5;
    const near = this.lines.filter((on) => candidates.some((at) => Math.abs(on.x - at.x) < width && Math.abs(on.y - at.y) < height));
    let free = null;
    let least = Infinity;
    for (const at of candidates) {
      const box = boxAround(at, width, height);
      if (overlapArea(box, view) < width * height || taken.some((other) => overlapArea(box, other))) continue;
      const crossed = crossings(near, box);
      if (crossed < least) [free, least] = [at, crossed];
    }
    if (!free) return;
    taken.push(boxAround(free, width, height));
    this.put(key, free, text, () => element("div", className, text));
    kept.add(key);
  }

  /** @param {string} key @param {Pixel} at @param {string} look @param {() => HTMLElement} make */
  put(key, at, look, make) {
    const latLng = this.map.containerPointToLatLng([at.x, at.y]);
    const old = this.placed.get(key);
    if (old?.look === look) {
      old.marker.setLatLng(latLng);
      return;
    }
    old?.marker.remove();
    const icon = L.divIcon({ className: "map-label", html: make(), iconSize: undefined });
    const marker = L.marker(latLng, { icon, pane: "labels", interactive: false, keyboard: false }).addTo(this.map);
    this.placed.set(key, { marker, look });
  }
}

/** The ways to write a county's name and badge, the fullest first. @param {string[]} texts @param {boolean} badge @returns {CountyForm[]} */
function formsOf(texts, badge) {
  return texts.flatMap((text) => {
    const width = text ? widthOf(text, COUNTY_TEXT_PX) + 6 : 0;
    const stacked = { text, inline: false, width: Math.max(width, badge ? BADGE_PX : 0), height: (text ? LINE_PX : 0) + (badge ? LINE_PX : 0) };
    return text && badge ? [stacked, { text, inline: true, width: width + BADGE_PX, height: LINE_PX }] : [stacked];
  });
}

/** @param {Pixel[][]} rings @returns {Box} */
function boundsOf(rings) {
  const all = rings.flat();
  const xs = all.map((at) => at.x);
  const ys = all.map((at) => at.y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** How many of the pixels lie in the box. @param {Pixel[]} pixels @param {Box} box */
function crossings(pixels, { left, top, right, bottom }) {
  return pixels.filter(({ x, y }) => x > left && x < right && y > top && y < bottom).length;
}

/** @param {Pixel[][]} rings */
function spread(rings) {
  const { left, top, right, bottom } = boundsOf(rings);
  return rings.length ? (right - left) * (bottom - top) : 0;
}

/** @param {Pixel[]} line */
function lengthOf(line) {
  return line.slice(1).reduce((sum, to, i) => sum + Math.hypot(to.x - line[i].x, to.y - line[i].y), 0);
}

/** The width of a text about: Chinese characters are square, others about half as wide. @param {string} text @param {number} size */
function widthOf(text, size) {
  return Array.from(text).reduce((sum, character) => sum + ((character.codePointAt(0) ?? 0) > 0x2e7f ? 1.06 : 0.58), 0) * size;
}

/** @param {string} text */
function clipped(text) {
  const characters = Array.from(text);
  return characters.length > 18 ? `${characters.slice(0, 17).join("")}…` : text;
}
