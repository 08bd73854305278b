/** Whom the names mean that were typed into the search. `looked`: see `Reading.cases`. */

import { el } from "../../shared/dom.js";
import { listOf, writeAddress } from "../model/address.js";
import { pageLink } from "./pieces.js";

const KINDS = {
  Patient: { key: "member", one: "member", many: "members" },
  Practitioner: { key: "owner", one: "care manager", many: "care managers" },
};

/** How many people are listed whom a name could mean. */
const MOST_LISTED = 8;

/** Return what to say where a name means nobody, or too many: `{title, words}`; null else. */
export function unclear(looked) {
  const found = looked.filter(({ people }) => !people.length);
  if (!found.length) return null;
  const refused = found.find((each) => each.refused);
  const title = refused ? `Which ${KINDS[refused.type].one}?` : "Nobody found";
  return { title, words: found.map(nobody).join(" ") };
}

function nobody({ type, typed, refused, remembered }) {
  const { one } = KINDS[type];
  if (refused) return `The ${one} “${typed}” was not looked up. ${refused}`;
  const hint = "Here, names are known from the cases that changed last; an id always finds.";
  return `No ${one} is called “${typed}”.${remembered ? ` ${hint}` : ""}`;
}

/** Return whom the names mean, each person with a link to search for that one alone. */
export function meant(looked, context) {
  return looked.filter(({ byName }) => byName).map((whom) => fitting(whom, context));
}

function fitting({ type, typed, people, remembered }, { state, go }) {
  const { key, one, many } = KINDS[type];
  const who = people.length === 1 ? `1 ${one} fits` : `${people.length} ${many} fit`;
  const words = `${who} “${typed}”${remembered ? " among the cases that changed last" : ""}`;
  if (people.length > MOST_LISTED)
    return el("p", { class: "meant" }, `${words}. Write more of the name to see fewer.`);
  const href = (id) => writeAddress({ ...listOf(state), cursor: "", [key]: id });
  const item = ({ id, name }) =>
    el(
      "li",
      {},
      people.length > 1 ? pageLink(href(id), go, {}, name) : name,
      name !== id && el("span", { class: "muted" }, ` ${id}`),
    );
  const list = el("ul", { role: "list" }, people.map(item));
  return el("div", { class: "meant" }, el("p", {}, `${words}:`), list);
}
