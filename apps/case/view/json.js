/** JSON as elements: indented, coloured by kind, references to other resources as buttons. */

import { el } from "../../shared/dom.js";

const RELATIVE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/;

/** Return the nodes of a JSON value; `follow(path)` is called by a click on a reference that `may` allows. */
export function jsonNodes(value, { follow, may = () => false }, indent = "", key = "") {
  const inner = `${indent}  `;
  const item = (shown, index, all) => [inner, shown, index < all.length - 1 ? ",\n" : "\n"];
  if (Array.isArray(value)) {
    if (!value.length) return ["[]"];
    return [
      "[\n",
      ...value.flatMap((each, index, all) =>
        item(jsonNodes(each, { follow, may }, inner), index, all),
      ),
      indent,
      "]",
    ];
  }
  if (value && typeof value === "object") {
    const pairs = Object.entries(value);
    if (!pairs.length) return ["{}"];
    const shown = ([name, each], index, all) =>
      item(
        [
          el("span", { class: "json-key" }, JSON.stringify(name)),
          ": ",
          jsonNodes(each, { follow, may }, inner, name),
        ],
        index,
        all,
      );
    return ["{\n", ...pairs.flatMap(shown), indent, "}"];
  }
  return [scalar(value, key, follow, may)];
}

function scalar(value, key, follow, may) {
  const text = JSON.stringify(value);
  if (
    key === "reference" &&
    typeof value === "string" &&
    RELATIVE.test(value) &&
    may(value.split("/")[0])
  ) {
    return el("button", { type: "button", class: "json-link", onclick: () => follow(value) }, text);
  }
  return el("span", { class: `json-${value === null ? "null" : typeof value}` }, text);
}
