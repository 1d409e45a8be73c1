// Puts the one style sheet of the alarm into the page. A file of its own would be one more thing to wait for.

import css from "./alarm.css" with { type: "text" };

export function addStyles() {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
}
