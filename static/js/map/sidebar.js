import { byId } from "./config.js";

const TABS = ["layers", "projects"];
/** Whether the screen is so narrow that columns become sheets from below, as in map.css. */
export const sheets = matchMedia("(max-width: 720px)");

/** The column beside the map; on a phone a sheet from below. @param {() => void} onResize */
export function setUpSidebar(onResize) {
  const toggle = byId("sidebar-toggle");
  for (const tab of TABS) {
    byId(`tab-${tab}`).addEventListener("click", () => openTab(tab, onResize));
    byId(`tab-${tab}`).addEventListener("keydown", (event) => moveTab(tab, event, onResize));
  }
  toggle.addEventListener("click", () => setOpen(toggle.getAttribute("aria-expanded") !== "true", onResize));
  if (sheets.matches) setOpen(false, onResize);
}

/** @param {string} chosen @param {() => void} onResize */
export function openTab(chosen, onResize) {
  for (const tab of TABS) {
    const button = byId(`tab-${tab}`);
    button.setAttribute("aria-selected", String(tab === chosen));
    button.tabIndex = tab === chosen ? 0 : -1;
    byId(`pane-${tab}`).hidden = tab !== chosen;
  }
  setOpen(true, onResize);
}

/** @param {string} tab @param {KeyboardEvent} event @param {() => void} onResize */
function moveTab(tab, event, onResize) {
  if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
  const step = event.key === "ArrowRight" ? 1 : TABS.length - 1;
  const next = TABS[(TABS.indexOf(tab) + step) % TABS.length];
  openTab(next, onResize);
  byId(`tab-${next}`).focus();
}

/** @param {boolean} open @param {() => void} onResize */
function setOpen(open, onResize) {
  const toggle = byId("sidebar-toggle");
  if (toggle.getAttribute("aria-expanded") === String(open)) return;
  toggle.setAttribute("aria-expanded", String(open));
  byId("sidebar").classList.toggle("is-closed", !open);
  onResize();
}
