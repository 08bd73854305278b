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

/** Return the search with the ids of those whom it means, where each is one person. */
export function settled(state, looked) {
  const found = { ...state };
  for (const { type, people } of looked)
    if (people.length === 1) found[KINDS[type].key] = people[0].id;
  return found;
}

/** Return what to say of cases that have what was typed as their number; null for none. */
export function byNumber(numbered, { state, go }) {
  if (!numbered?.total) return null;
  const count = numbered.total === 1 ? "1 case has" : `${numbered.total} cases have`;
  const words = `${count} the number “${state.member}”`;
  if (numbered.alone)
    return el("p", { class: "meant" }, `${words}. Status, due and care manager were left out.`);
  const item = ({ id, name }) =>
    el("li", {}, pageLink(writeAddress({ ...listOf(state), case: id }), go, {}, name));
  const list = el("ul", { role: "list" }, numbered.cases.slice(0, MOST_LISTED).map(item));
  return el("div", { class: "meant" }, el("p", {}, `${words} too:`), list);
}

/** Return `{title, words, link}` for days in the wrong order. */
export function turned(state, go) {
  const days = { from: state.to, to: state.from };
  const href = writeAddress({ ...state, ...days, cursor: "" });
  return {
    title: "“Due from” is later than “Due to”",
    words: `From ${state.from} to ${state.to} there is no day.`,
    link: pageLink(href, go, { class: "button" }, `Search from ${days.from} to ${days.to}`),
  };
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
