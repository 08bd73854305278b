/** Small things that several views show. */

import { refKey, refText, day, dayAndTime } from "../../shared/fhir.js";
import { el, time } from "../../shared/dom.js";
import { refId } from "../model/fields.js";

const ICONS = {
  contact: "M3 4h14v9H9l-4 4v-4H3z",
  log: "M4 4h12v12H4zM7 8h6M7 12h4",
  document: "M5 2h7l4 4v12H5zM12 2v4h4",
  done: "M4 10l4 4 8-9",
  skipped: "M5 5l10 10M15 5L5 15",
  held: "M10 4v8M10 15v1",
};

/** Return an icon; it says nothing that words beside it do not say. */
export function icon(name) {
  const shape = el("path", {
    d: ICONS[name],
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.75",
  });
  return el(
    "svg",
    { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false" },
    shape,
  );
}

/** Return a badge of a status as `statusOf` gives it. */
export function badge(status) {
  return (
    status && el("span", { class: ["badge", status.tone && `badge-${status.tone}`] }, status.text)
  );
}

/** Return the badge of a record that searches leave out. */
export function hiddenBadge(thing) {
  return (
    thing.hidden &&
    el("span", { class: "badge badge-warn", title: "Left out of searches" }, "Hidden")
  );
}

/** Return the name of whom a Reference names; `rename` finds it again when a name is learned. */
export function person(reference, names) {
  const key = refKey(reference);
  return el("span", { class: "person", "data-ref": key }, refText(reference, names) || "Unknown");
}

/** Return the name of whom a Reference names, where one is known, and small beside it the id. */
export function personAndId(reference, names) {
  const id = refId(reference);
  const text = refText(reference, names);
  const name = el("span", { class: "person", "data-ref": refKey(reference) }, text !== id && text);
  return [name, " ", el("span", { class: "id" }, id || (!text && "Unknown"))];
}

/** Put names that were learned since into what is on the page. */
export function rename(root, names) {
  for (const node of root.querySelectorAll("[data-ref]")) {
    const name = names.get(node.dataset.ref);
    if (name) node.textContent = name;
  }
}

/** Return a day, or "–" said as words to screen readers. */
export function date(value, none = "no date") {
  return value ? time(value, day(value)) : nothing(none);
}

/** Return a day with its time. */
export function moment(value) {
  return value ? time(value, dayAndTime(value)) : nothing("no date");
}

/** Return a dash that a screen reader hears as words. */
export function nothing(words) {
  return el(
    "span",
    { class: "muted" },
    el("span", { "aria-hidden": "true" }, "–"),
    el("span", { class: "visually-hidden" }, words),
  );
}

/** Return texts as paragraphs, one for each line. */
export function paragraphs(text) {
  return String(text ?? "")
    .split(/\n+/)
    .filter(Boolean)
    .map((line) => el("p", {}, line));
}

/** Return a list of `[term, ...descriptions]`; an entry without a description is left out. */
export function facts(entries, props = {}) {
  const shown = entries
    .map(([term, ...said]) => [
      term,
      said.flat().filter((each) => each != null && each !== "" && each !== false),
    ])
    .filter(([, said]) => said.length);
  return el(
    "dl",
    { class: "facts", ...props },
    shown.map(([term, said]) => el("div", {}, el("dt", {}, term), el("dd", {}, said))),
  );
}

/** Return the button that shows a thing as FHIR. `thing`: `{path, resource}`. */
export function fhirButton(thing, name, { open, words = "FHIR" }) {
  return el(
    "button",
    {
      type: "button",
      class: "fhir",
      "data-path": thing.path,
      "aria-haspopup": "dialog",
      onclick: () => open(thing, name),
    },
    words,
    el("span", { class: "visually-hidden" }, ` of ${name}`),
  );
}

/** Return a link to an address of this page that does not load the page anew. */
export function pageLink(href, go, props, ...children) {
  const onclick = (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(href);
  };
  return el("a", { href, onclick, ...props }, ...children);
}
