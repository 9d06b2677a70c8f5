import { announce } from "./announce.js";
import { byId, element } from "./config.js";
import { retryButton } from "./legend.js";
import { markOf } from "./marks.js";
import { codeOf, nameOf, symbolOf } from "./records.js";

/** @typedef {import("./config.js").Feature} Feature */
/** @typedef {import("./config.js").LayerSpec} LayerSpec */
/** @typedef {import("./config.js").Ref} Ref */

/** The panel of facts: the server writes what it says of a record; what shares one symbol is listed here. */
export class FactsPanel {
  /** @param {string} urlPattern  With KIND and CODE to replace. @param {import("./choice.js").Choice} choice */
  constructor(urlPattern, choice) {
    this.urlPattern = urlPattern;
    this.choice = choice;
    this.panel = byId("facts");
    this.body = byId("facts-body");
    /** @type {HTMLElement | null} What had the focus before the panel opened. */
    this.opener = null;
    /** @type {AbortController | null} */
    this.asking = null;
    byId("facts-close").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.panel.hidden) this.close();
    });
    choice.selectionChanged.listen((ref) => {
      if (ref) void this.show(ref);
    });
  }

  /** @param {Ref} ref */
  async show(ref) {
    this.open(element("p", "facts-wait", gettext("Loading…")), "loading");
    const asking = new AbortController();
    this.asking = asking;
    try {
      const url = this.urlPattern.replace("KIND", ref.kind).replace("CODE", encodeURIComponent(ref.code));
      const response = await fetch(url, { signal: asking.signal });
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      const fragment = document.createElement("template");
      fragment.innerHTML = await response.text(); // from our own server, which escaped what records say
      this.fill(fragment.content, "ready");
      announce(interpolate(gettext("Facts of %(name)s"), { name: this.title() }, true));
    } catch {
      if (asking.signal.aborted) return;
      const text = gettext("The facts could not be loaded.");
      this.fill(element("p", "facts-failed", text, " ", retryButton(() => this.show(ref))), "failed");
      announce(text);
    }
  }

  /**
   * Lists records of which one is to be chosen.
   *
   * @param {string} title
   * @param {string} note
   * @param {LayerSpec} spec
   * @param {Feature[]} features
   * @param {HTMLElement[]} actions
   */
  showSeveral(title, note, spec, features, actions) {
    this.choice.select(null);
    const heading = element("h2", "facts-title", title);
    const list = element("ul", "facts-list");
    for (const feature of features) {
      const name = element("span", "row-name", nameOf(feature));
      const button = element("button", "facts-choice", markOf(spec, feature), element("span", "row-text", name));
      if (spec.symbolField) button.lastChild?.appendChild(element("span", "row-facts", symbolOf(spec, feature).label));
      button.type = "button";
      button.onclick = () => this.choice.select({ kind: spec.kind, code: codeOf(feature) });
      list.append(element("li", "", button));
    }
    const content = element("div", "facts-several", heading, element("p", "facts-note", note), ...actions, list);
    this.open(content, "ready");
    announce(title);
  }

  /** @param {Node} content @param {"loading" | "ready" | "failed"} state */
  open(content, state) {
    this.asking?.abort();
    if (this.panel.hidden && document.activeElement instanceof HTMLElement) this.opener = document.activeElement;
    this.panel.hidden = false;
    document.body.classList.add("has-facts");
    this.fill(content, state);
  }

  /** @param {Node} content @param {"loading" | "ready" | "failed"} state */
  fill(content, state) {
    this.body.replaceChildren(content);
    this.body.scrollTop = 0;
    this.panel.dataset.state = state;
    this.panel.setAttribute("aria-busy", String(state === "loading"));
    if (state === "loading") return;
    const heading = this.body.querySelector("h1, h2, h3") ?? this.body.querySelector("p");
    if (heading instanceof HTMLElement) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
  }

  title() {
    return this.body.querySelector("h1, h2, h3")?.textContent?.trim() ?? "";
  }

  close() {
    this.asking?.abort();
    this.panel.hidden = true;
    document.body.classList.remove("has-facts");
    this.body.replaceChildren();
    // A row of the list may have been drawn anew under the same id.
    const opener = this.opener?.isConnected ? this.opener : document.getElementById(this.opener?.id ?? "");
    (opener && opener !== document.body ? opener : byId("map")).focus({ preventScroll: true });
    this.opener = null;
    this.choice.select(null);
  }
}
