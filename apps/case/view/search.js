/** The form that cases are searched with, and the table of those that were found. */

import { el, fill } from "../../shared/dom.js";
import { dayAndTime } from "../../shared/fhir.js";
import { empty } from "../../shared/states.js";
import { DEFAULTS, ORDERS, STATUSES, listOf, searchWords, writeAddress } from "../model/address.js";
import { refId } from "../model/fields.js";
import { namedOf } from "../model/names.js";
import { badge, date, hiddenBadge, pageLink, person } from "./pieces.js";
import { byNumber, meant } from "./whom.js";

/** Return the form; `search(state)` is called with what was typed. */
export function searchForm({ state, names, user, search, go }) {
  const field = (label, control, wide) =>
    el(
      "div",
      { class: ["field", wide && "field-wide"] },
      el("label", { for: control.id }, label),
      control,
    );
  const input = (key, props) =>
    el("input", {
      id: `search-${key}`,
      name: key,
      value: state[key] || null,
      autocomplete: "off",
      ...props,
    });
  const options = (key, choices) =>
    el(
      "select",
      { id: `search-${key}`, name: key },
      choices.map(([code, words]) =>
        el("option", { value: code, selected: code === state[key] }, words),
      ),
    );
  const owners = el("datalist", { id: "owners" }, ownerOptions(names));
  const form = el(
    "form",
    { class: "card search", role: "search", "aria-label": "Cases", onsubmit: submitted },
    field(
      "Member or case number",
      input("member", { type: "search", placeholder: "Name, id or number" }),
      true,
    ),
    field(
      "Care manager",
      input("owner", { type: "search", list: "owners", placeholder: "Name or id" }),
      true,
    ),
    field("Status", options("status", STATUSES)),
    field("Order", options("order", ORDERS)),
    field("Due from", input("from", { type: "date" })),
    field("Due to", input("to", { type: "date" })),
    owners,
    el(
      "div",
      { class: "search-buttons" },
      el("button", { type: "submit", class: "button-primary" }, "Search"),
      user &&
        pageLink(
          writeAddress({ ...DEFAULTS, owner: user }),
          go,
          { class: "button" },
          "My active cases",
        ),
      pageLink("?", go, { class: "button" }, "Start over"),
    ),
  );

  function submitted(event) {
    event.preventDefault();
    const given = Object.fromEntries(
      [...new FormData(form)].map(([key, value]) => [key, String(value).trim()]),
    );
    search({ ...DEFAULTS, ...given });
  }
  return form;
}

function ownerOptions(names) {
  return namedOf(names, "Practitioner").map(({ id, name }) => el("option", { value: id }, name));
}

/** Write into the form what is searched for now; what was typed since stays. */
export function refill(before, state) {
  for (const key of ["member", "owner"]) {
    const field = document.getElementById(`search-${key}`);
    if (field?.value.trim() === before[key]) field.value = state[key];
  }
}

/** Offer the care managers whose names were learned since. */
export function offerOwners(names) {
  const owners = document.getElementById("owners");
  if (owners) fill(owners, ownerOptions(names));
}

/**
 * Return what was found: `cases` as `caseHeader` gives them, `total`, `next` (a cursor or ""),
 * `looked`: whom the typed texts mean, `numbered`: the cases of that number.
 */
export function results({ cases, total, next, looked, numbered, state, names, go }) {
  const first =
    state.cursor &&
    pageLink(writeAddress({ ...state, cursor: "" }), go, { class: "button" }, "First page");
  const asOf = dayAndTime(new Date().toISOString());
  const above = [
    !numbered?.alone && el("p", { class: "print-only" }, `${searchWords(state)} · As of ${asOf}`),
    numbered?.alone && el("p", { class: "print-only" }, `As of ${asOf}`),
    meant(looked, { state, go }),
    byNumber(numbered, { state, go }),
  ];
  if (!cases.length) {
    const byId = looked.some(({ byName }) => !byName);
    const hint = byId ? " An id is looked for as it is typed, and in capitals." : "";
    const words = `No case matches this search. Try another status, or fewer conditions.${hint}`;
    return [above, empty("No cases found", words), first];
  }
  const row = (found) => caseRow(found, { state, names, go });
  const headings = ["Case", "Member", "Status", "Care manager", "Due", "Last activity"];
  return [
    above,
    el(
      "table",
      { class: "table cases", role: "table", "aria-labelledby": "found" },
      el(
        "thead",
        { role: "rowgroup" },
        el(
          "tr",
          { role: "row" },
          headings.map((each) => el("th", { role: "columnheader", scope: "col" }, each)),
        ),
      ),
      el("tbody", { role: "rowgroup" }, cases.map(row)),
    ),
    el(
      "nav",
      { class: "paging", "aria-label": "Pages" },
      el("p", { class: "muted" }, pageWords(cases.length, total, state)),
      first,
      next &&
        pageLink(
          writeAddress({ ...state, cursor: next }),
          go,
          { class: "button", rel: "next" },
          "Next page",
        ),
    ),
  ];
}

function pageWords(shown, total, { cursor }) {
  if (total === null) return `${shown} shown`;
  return cursor || shown < total ? `${shown} of ${total} shown` : `All ${total} shown`;
}

function caseRow(found, { state, names, go }) {
  const cell = (label, ...content) =>
    el("td", { role: "cell", "data-label": label }, el("div", {}, content));
  const open = writeAddress({ ...listOf(state), case: found.id });
  return el(
    "tr",
    { role: "row", "data-case": found.id },
    el(
      "th",
      { role: "rowheader", scope: "row" },
      pageLink(open, go, { class: "case-link" }, found.name),
      el("span", { class: "sub" }, [found.number, found.type].filter(Boolean).join(" · ")),
    ),
    cell("Member", person(found.member, names), el("span", { class: "sub" }, refId(found.member))),
    cell(
      "Status",
      el("span", { class: "badges" }, badge(found.status), hiddenBadge(found)),
      found.state && el("span", { class: "sub" }, found.state.text),
    ),
    cell("Care manager", person(found.owner, names)),
    cell(
      "Due",
      date(found.due, "no due date"),
      found.overdue &&
        el("span", { class: "sub" }, el("span", { class: "badge badge-bad" }, "Overdue")),
    ),
    cell("Last activity", date(found.lastActivity, "none")),
  );
}

/** Return the words over the results. */
export function resultsTitle({ cases, looked, numbered }, state, names) {
  if (numbered?.alone)
    return cases.length === 1 ? `Case ${cases[0].number}` : `Cases numbered ${state.member}`;
  const words =
    state.status === "any" ? "All" : STATUSES.find(([code]) => code === state.status)[1];
  const member = looked.find(({ type }) => type === "Patient");
  if (!member) return `${words} cases`;
  if (member.people.length > 1) return `${words} cases of members called “${state.member}”`;
  const [{ id }] = member.people;
  return [`${words} cases of `, person(cases[0]?.member ?? { reference: `Patient/${id}` }, names)];
}
