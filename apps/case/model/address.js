/** The page's address: what is searched for and which case is open, and the FHIR search it means. */

import { list, query } from "../../shared/fhir.js";

export const PAGE_SIZE = 20;

/** How many people a name may mean, and how many are asked for by id at once. */
export const MOST_PEOPLE = 50;

/** What `status` can be: EpisodeOfCare.status, and "any". */
export const STATUSES = [
  ["active", "Active"],
  ["finished", "Finished"],
  ["planned", "Planned"],
  ["waitlist", "Waitlist"],
  ["onhold", "On hold"],
  ["cancelled", "Cancelled"],
  ["entered-in-error", "Entered in error"],
  ["any", "Any status"],
];

/** What `order` can be, and the `_sort` it means. */
export const ORDERS = [
  ["due", "Due first", "due"],
  ["-due", "Due last", "-due"],
  ["changed", "Changed lately", "-_lastUpdated"],
  ["started", "Started lately", "-date"],
];

export const DEFAULTS = {
  member: "",
  status: "active",
  owner: "",
  from: "",
  to: "",
  order: "due",
  cursor: "",
  case: "",
  show: "",
};

const ALLOWED = {
  status: STATUSES.map(([code]) => code),
  order: ORDERS.map(([code]) => code),
};

const DAY = /^\d{4}(-\d{2}){0,2}$/;

/** Return what an address asks for: every key of DEFAULTS; what is not understood is left out. */
export function readAddress(search) {
  const params = new URLSearchParams(search);
  const found = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS)) {
    const value = (params.get(key) ?? "").trim();
    if (value && understood(key, value)) found[key] = value;
  }
  return found;
}

function understood(key, value) {
  if (key === "from" || key === "to") return DAY.test(value);
  return ALLOWED[key]?.includes(value) ?? true;
}

/** Return the address for it, without what is as it is anyway: `?owner=U15&case=…`, or `?`. */
export function writeAddress(state) {
  const pairs = Object.keys(DEFAULTS).map((key) => [key, state[key] ?? ""]);
  return `?${new URLSearchParams(pairs.filter(([key, value]) => value && value !== DEFAULTS[key]))}`;
}

/** Return the state without a case and what belongs to one. */
export function listOf(state) {
  return { ...state, case: "", show: "" };
}

/** Return whether what a person typed is an id or a number, and no name: one word with a digit. */
export function looksLikeId(text) {
  return /^[A-Za-z0-9.-]{1,64}$/.test(text) && /\d/.test(text);
}

/** Return what an id may be that was typed: that, and that in capitals. */
export function spellings(typed) {
  return [...new Set([typed, typed.toUpperCase()])];
}

/** Return `[state without the names that were typed, those names]`: `{member: "Ada"}`; null for none. */
export function withoutNames(state) {
  const names = ["member", "owner"].filter((key) => state[key] && !looksLikeId(state[key]));
  if (!names.length) return [state, null];
  const pick = (value) => Object.fromEntries(names.map((key) => [key, value(key)]));
  return [{ ...state, ...pick(() => "") }, pick((key) => state[key])];
}

/** Return whether no day can be due: the first is after the last. Either may be a month or a year. */
export function isTurned({ from, to }) {
  const length = Math.min(from.length, to.length);
  return from.slice(0, length) > to.slice(0, length);
}

/**
 * Return the search for cases: `EpisodeOfCare?patient=…`. `members` and `owners`: ids for what was
 * typed, null where nothing was.
 */
export function caseSearch(state, { members = null, owners = null } = {}) {
  const [, , sort] = ORDERS.find(([code]) => code === state.order);
  const due = [state.from && `ge${state.from}`, state.to && `le${state.to}`].filter(Boolean);
  const url = query("EpisodeOfCare", {
    patient: members,
    status: state.status === "any" ? "" : state.status,
    "care-manager": owners,
    _sort: sort,
    _count: PAGE_SIZE,
    _total: "accurate",
    _cursor: state.cursor,
  });
  return url + due.map((value) => `&due=${value}`).join("");
}

/** Return the search for cases that have what was typed as one of their numbers. */
export function numberSearch(typed) {
  return query("EpisodeOfCare", {
    identifier: spellings(typed),
    _sort: "due",
    _count: PAGE_SIZE,
    _total: "accurate",
  });
}

/** Return what is searched for in words, for paper, where there is no form. */
export function searchWords(state) {
  const words = (choices, code) => choices.find(([each]) => each === code)[1];
  return [
    state.member && `Member: ${state.member}`,
    state.owner && `Care manager: ${state.owner}`,
    `Status: ${words(STATUSES, state.status)}`,
    (state.from || state.to) && `Due: ${state.from || "…"} to ${state.to || "…"}`,
    `Order: ${words(ORDERS, state.order)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Return the `_cursor` of a page link; "" where there is none. */
export function cursorOf(url) {
  return url ? (new URL(url, "http://base").searchParams.get("_cursor") ?? "") : "";
}

/**
 * Return the search for people whose name has all the words, in whatever order; null where nothing
 * was typed that a name could have. A comma between alternatives is none that a person means.
 */
export function nameSearch(type, typed) {
  const words = typed.split(/[\s,]+/).filter(Boolean);
  if (!words.length) return null;
  const names = words.map((word) => ["name", word.replace(/[\\$|]/g, "\\$&")]);
  return `${type}?${new URLSearchParams([...names, ["_count", MOST_PEOPLE]])}`;
}

/** Return the names of the search parameters that a CapabilityStatement lists for a type. */
export function searchParameters(metadata, type) {
  return list(declared(metadata, type)?.searchParam).map(({ name }) => name);
}

/** Return whether a CapabilityStatement says that resources of a type can be read. */
export function canRead(metadata, type) {
  return list(declared(metadata, type)?.interaction).some(({ code }) => code === "read");
}

function declared(metadata, type) {
  return list(metadata?.rest?.[0]?.resource).find((each) => each.type === type);
}
