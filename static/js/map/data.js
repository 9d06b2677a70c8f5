/** Features from the server. Each address is asked once; a failure is forgotten, so that it can be asked again. */

/** @typedef {import("./config.js").Feature} Feature */

/** @type {Map<string, Promise<Feature[]>>} */
const asked = new Map();

/**
 * @param {string} url  Of a GeoJSON collection, followed over all its pages.
 * @returns {Promise<Feature[]>}
 */
export function loadFeatures(url) {
  let answer = asked.get(url);
  if (!answer) {
    answer = fetchPages(url);
    asked.set(url, answer);
    answer.catch(() => asked.delete(url));
  }
  return answer;
}

/** @param {string} url @returns {Promise<Feature[]>} */
async function fetchPages(url) {
  const features = [];
  /** @type {string | undefined} */
  let next = url;
  while (next) {
    const response = await fetch(next, { headers: { Accept: "application/geo+json, application/json" } });
    if (!response.ok) throw new Error(`${next}: ${response.status}`);
    const page = await response.json();
    features.push(...page.features);
    next = page.links?.find((/** @type {{rel: string, href: string}} */ link) => link.rel === "next")?.href;
  }
  return features;
}
