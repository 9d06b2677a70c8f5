import { codeOf, whereShown } from "./records.js";
import { Signal } from "./signal.js";

/** @typedef {import("./config.js").Feature} Feature */

/** The projects, and which of them the filter lets through. Map and list read the same answer. */
export class Register {
  /** @param {import("./book.js").LayerBook} book */
  constructor(book) {
    this.book = book;
    this.words = "";
    /** @type {Map<Feature, string>} */
    this.searched = new Map();
    /** @type {Signal<null>} */
    this.changed = new Signal();
  }

  all() {
    return this.book.features("projects");
  }

  /** @param {string} words */
  filter(words) {
    this.words = plain(words);
    this.changed.emit(null);
  }

  matching() {
    const parts = this.words.split(" ").filter(Boolean);
    return this.all().filter((feature) => parts.every((part) => this.textOf(feature).includes(part)));
  }

  /** @param {Feature} feature */
  textOf(feature) {
    let text = this.searched.get(feature);
    if (text === undefined) {
      const { name, name_en: english, aliases, location_text: place, location_text_en: placeEnglish } = feature.properties;
      text = plain([codeOf(feature), name, english, ...(aliases ?? []), place, placeEnglish].join(" "));
      this.searched.set(feature, text);
    }
    return text;
  }

  /** How many of the matching ones stand at a point, at their county, nowhere: together all of them. */
  places() {
    const counts = { point: 0, county: 0, none: 0 };
    for (const feature of this.matching()) counts[whereShown(feature)] += 1;
    return counts;
  }

  /** The matching projects of which only the county is known, by county. @returns {Map<string, Feature[]>} */
  byCountyOnly() {
    /** @type {Map<string, Feature[]>} */
    const found = new Map();
    for (const feature of this.matching()) {
      if (whereShown(feature) !== "county") continue;
      const { county } = feature.properties;
      found.set(county, [...(found.get(county) ?? []), feature]);
    }
    return found;
  }
}

/** Without the differences that a reader does not type: full width, case, runs of spaces. @param {string} text */
function plain(text) {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}
