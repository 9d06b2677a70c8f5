/** How a record is named, and how well its place is known. */

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */

const english = document.documentElement.lang === "en";

/**
 * The English twin of a field where the page is English and there is one.
 *
 * @param {Feature} feature
 * @param {string} field
 * @returns {string}
 */
export function inLanguage(feature, field) {
  const twin = feature.properties[`${field}_en`];
  return (english && twin) || feature.properties[field] || "";
}

/** @param {Feature} feature */
export function nameOf(feature) {
  return inLanguage(feature, "name") || codeOf(feature);
}

/** @param {Feature} feature */
export function codeOf(feature) {
  return String(feature.id ?? feature.properties.code ?? feature.properties.name);
}

/**
 * A county's name without its class (区, 县, 市; District, County, City), for small places on the map.
 *
 * @param {Feature} feature
 */
export function shortName(feature) {
  const name = nameOf(feature);
  if (english) return name.replace(/ (District|County|City)$/, "");
  return name.length > 2 ? name.replace(/[区县市]$/, "") : name;
}

/**
 * @param {LayerSpec} spec
 * @param {Feature} feature
 */
export function symbolOf(spec, feature) {
  const value = spec.symbolField ? (feature.properties[spec.symbolField] ?? "") : "";
  return spec.symbols.find((symbol) => symbol.value === value) ?? spec.symbols[spec.symbols.length - 1];
}

/** @param {Feature} feature */
export function isExact(feature) {
  return feature.properties.location_precision === "site";
}

/**
 * Where the map can show a project: at a point, at its county only, or nowhere.
 *
 * @param {Feature} feature
 * @returns {"point" | "county" | "none"}
 */
export function whereShown(feature) {
  if (feature.geometry && feature.properties.location_precision !== "county") return "point";
  if (feature.properties.county) return "county";
  return feature.geometry ? "point" : "none";
}

/** The words of a location precision. @param {Feature} feature */
export function precisionText(feature) {
  switch (feature.properties.location_precision) {
    case "site":
      return gettext("site known");
    case "village":
      return gettext("approximate: village");
    case "town":
      return gettext("approximate: town");
    case "county":
      return gettext("only the county is known");
    case "schematic":
      return gettext("schematic");
    default:
      return gettext("place not known");
  }
}
