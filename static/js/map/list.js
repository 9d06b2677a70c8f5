import { announce } from "./announce.js";
import { byId, calm, element } from "./config.js";
import { anchorOf } from "./geometry.js";
import { markOf } from "./marks.js";
import { codeOf, inLanguage, nameOf, precisionText, symbolOf, whereShown } from "./records.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").Ref} Ref */

const TYPING_PAUSE_MS = 150;

/** The list of projects beside the map, in step with it. */
export class ProjectList {
  /**
   * @param {L.Map} map
   * @param {import("./book.js").LayerBook} book
   * @param {import("./register.js").Register} register
   * @param {import("./choice.js").Choice} choice
   */
  constructor(map, book, register, choice) {
    this.map = map;
    this.book = book;
    this.register = register;
    this.choice = choice;
    this.spec = book.spec("projects");
    this.list = byId("project-list");
    this.filter = /** @type {HTMLInputElement} */ (byId("list-filter"));
    this.inView = /** @type {HTMLInputElement} */ (byId("list-in-view"));
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    this.listen();
  }

  listen() {
    let pause = 0;
    this.filter.addEventListener("input", () => {
      window.clearTimeout(pause);
      pause = window.setTimeout(() => this.register.filter(this.filter.value), TYPING_PAUSE_MS);
    });
    this.inView.addEventListener("change", () => this.update());
    this.register.changed.listen(() => this.update());
    this.map.on("moveend", () => {
      if (this.inView.checked) this.update();
    });
    this.book.changed.listen((spec) => {
      if (spec.id === "projects" || spec.id === "counties") this.update();
    });
    this.choice.selectionChanged.listen((ref) => this.follow(ref));
    this.choice.hoverChanged.listen(({ refs, on }) => this.lighten(refs, on));
    this.list.addEventListener("click", (event) => this.choose(rowOf(event.target)));
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mouseover", (event) => this.point(rowOf(event.target), true));
    this.list.addEventListener("mouseout", (event) => this.point(rowOf(event.target), false));
    this.list.addEventListener("focusin", (event) => this.point(rowOf(event.target), true));
    this.list.addEventListener("focusout", (event) => this.point(rowOf(event.target), false));
  }

  shown() {
    const matching = this.register.matching();
    return this.inView.checked ? matching.filter((feature) => this.isInView(feature)) : matching;
  }

  /** At its point, or by its county when no more is known. @param {Feature} feature */
  isInView(feature) {
    const where = whereShown(feature);
    const geometry = where === "point" ? feature.geometry : where === "county" ? this.countyOf(feature)?.geometry : null;
    if (!geometry) return false;
    if (where === "county") return this.map.getBounds().intersects(L.geoJSON(/** @type {any} */ (geometry)).getBounds());
    const [lon, lat] = anchorOf(geometry);
    return this.map.getBounds().contains([lat, lon]);
  }

  /** @param {Feature} feature */
  countyOf(feature) {
    return this.book.features("counties").find((county) => codeOf(county) === feature.properties.county);
  }

  update() {
    const shown = this.shown();
    this.rows = new Map(shown.map((feature) => [codeOf(feature), this.row(feature)]));
    this.list.replaceChildren(...this.rows.values());
    this.sayCounts(shown.length);
    this.follow(this.choice.selected);
  }

  /** @param {Feature} feature */
  row(feature) {
    const county = this.countyOf(feature);
    const where = whereShown(feature);
    const countyName = county ? nameOf(county) : "";
    const place = inLanguage(feature, "location_text");
    const words = [symbolOf(this.spec, feature).label, countyName, place === countyName ? "" : place];
    const facts = element("span", "row-facts", words.filter(Boolean).join(" · "));
    const text = element("span", "row-text", element("span", "row-name", nameOf(feature)), facts);
    if (where !== "point") {
      text.append(element("span", "tag", where === "county" ? gettext("only the county is known") : gettext("not located")));
    } else {
      facts.append(element("span", "visually-hidden", ` · ${precisionText(feature)}`));
    }
    const row = element("li", "row", markOf(this.spec, feature), text);
    row.id = `row-${codeOf(feature)}`;
    row.dataset.code = codeOf(feature);
    row.dataset.where = where;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.tabIndex = -1;
    return row;
  }

  /** @param {number} shown */
  sayCounts(shown) {
    const total = this.register.all().length;
    const ready = this.book.state("projects") === "ready";
    byId("project-total").textContent = ready ? String(total) : "";
    const text =
      shown === total
        ? interpolate(ngettext("%(total)s project", "%(total)s projects", total), { total }, true)
        : interpolate(gettext("%(shown)s of %(total)s projects"), { shown, total }, true);
    const count = byId("list-count");
    const changed = ready && count.textContent !== text;
    count.textContent = ready ? text : this.book.state("projects") === "failed" ? gettext("Could not be loaded.") : gettext("Loading…");
    if (changed) announce(text);
    const { point, county, none } = this.register.places();
    const places = [
      interpolate(ngettext("%(n)s on the map", "%(n)s on the map", point), { n: point }, true),
      interpolate(ngettext("%(n)s known only to the county", "%(n)s known only to the county", county), { n: county }, true),
      interpolate(ngettext("%(n)s not located", "%(n)s not located", none), { n: none }, true),
    ];
    byId("list-places").textContent = ready ? places.join(gettext(", ")) : "";
    Object.assign(byId("list-places").dataset, { point, county, none });
    byId("list-empty").hidden = !ready || shown > 0;
  }

  /** Marks the row of what is chosen and brings it into sight. @param {Ref | null} ref */
  follow(ref) {
    const chosen = ref?.kind === this.spec.kind ? ref.code : "";
    for (const [code, row] of this.rows) row.setAttribute("aria-selected", String(code === chosen));
    const row = this.rows.get(chosen);
    this.makeStop(row ?? this.rows.values().next().value);
    row?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  /** The list is one stop of the Tab key; arrows move inside it. @param {HTMLElement | undefined} stop */
  makeStop(stop) {
    for (const row of this.rows.values()) row.tabIndex = row === stop ? 0 : -1;
  }

  /** @param {Ref[]} refs @param {boolean} on */
  lighten(refs, on) {
    for (const { kind, code } of refs) {
      if (kind === this.spec.kind) this.rows.get(code)?.classList.toggle("is-hover", on);
    }
  }

  /** @param {HTMLElement | null} row @param {boolean} on */
  point(row, on) {
    if (row) this.choice.hover([{ kind: this.spec.kind, code: row.dataset.code ?? "" }], on);
  }

  /** @param {HTMLElement | null} row */
  choose(row) {
    if (row) this.choice.select({ kind: this.spec.kind, code: row.dataset.code ?? "" });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const row = rowOf(event.target);
    const rows = Array.from(this.rows.values());
    const at = row ? rows.indexOf(row) : -1;
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, PageDown: at + 10, PageUp: at - 10 };
    if (event.key === "Enter" || event.key === " ") this.choose(row);
    else if (event.key in moves) {
      const next = rows[Math.max(0, Math.min(rows.length - 1, moves[event.key]))];
      this.makeStop(next);
      next?.focus();
    } else return;
    event.preventDefault();
  }
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
function rowOf(target) {
  return target instanceof Element ? target.closest(".row") : null;
}
