/** Building elements out of data without ever reading data as HTML. */

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = new Set(["svg", "path", "rect", "circle", "line", "g", "polyline"]);

/**
 * Return an element. `props`: attributes; `class` may be a list; `onclick` and the like are
 * listeners; true is an empty attribute; false, null and undefined leave one out. Children: nodes,
 * texts, lists of them; null, undefined and false are left out. There is no way to give HTML.
 */
export function el(tag, props = {}, ...children) {
  const node = SHAPES.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(
    ...children.flat(Infinity).filter((each) => each != null && each !== false && each !== ""),
  );
  return node;
}

function set(node, name, value) {
  if (value == null || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "class") node.setAttribute(name, [value].flat().filter(Boolean).join(" "));
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** Replace all that is in a node. */
export function fill(node, ...children) {
  node.replaceChildren(
    ...children.flat(Infinity).filter((each) => each != null && each !== false && each !== ""),
  );
  return node;
}

/** Move the focus to a heading or region that takes none by itself. */
export function focusOn(node) {
  if (!node) return;
  if (!node.matches("a[href], button, input, select, textarea, [tabindex]")) node.tabIndex = -1;
  node.focus();
}

/**
 * Say something to screen readers, and nothing else: in `live`, an element with `role="status"`,
 * `<div id="live">` of the page where none is given. A dialog has one of its own, since nothing
 * outside of it is heard while it is open. The same text twice is said twice.
 */
export function announce(text, live = document.getElementById("live")) {
  if (!live) return;
  live.textContent = "";
  setTimeout(() => (live.textContent = text), 60);
}

/** Return a `<time>` of a FHIR date with the given words. */
export function time(value, words) {
  return el("time", { datetime: value }, words);
}
