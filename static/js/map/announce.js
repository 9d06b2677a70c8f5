import { byId } from "./config.js";

/** Says something to a screen reader when it has nothing else to say. @param {string} text */
export function announce(text) {
  byId("announcements").textContent = text;
}
