/** What the page asks the server for. */

import { knownNames, query, searchAll, searchPage } from "../shared/fhir.js";
import { canRead, caseSearch, cursorOf, looksLikeId, nameSearch, searchParameters } from "./model/address.js";
import { caseHeader, caseView } from "./model/case.js";
import { addNames, namedOf, unnamed } from "./model/names.js";

/** How many cases tell names where names cannot be searched. */
const CASES_ASKED = 1000;

/** How many people and parties are read one by one where they cannot be searched. */
const MOST_READ = 20;

/** The server as this page uses it, and the names that were learned from it. */
export class Reading {
  /** Map of `Type/id` → name. */
  names = new Map();
  /** Which types can be searched by name: `{Patient, Practitioner}`. */
  byName = { Patient: false, Practitioner: false };
  #session;
  #metadata = null;
  #told = false;

  constructor(session) {
    this.#session = session;
  }

  /** Find out what can be searched; what cannot be found out cannot be searched. */
  async prepare() {
    try {
      this.#metadata = await this.#session.get("metadata");
    } catch (error) {
      if (error.status === 401) throw error;
    }
    for (const type of Object.keys(this.byName)) {
      this.byName[type] = searchParameters(this.#metadata, type).includes("name");
    }
  }

  /** Return whether the server has resources of a type, and this session may read them. */
  canRead(type) {
    return canRead(this.#metadata, type) && this.#session.may("r", type);
  }

  /**
   * Return `{cases, total, next, nobody, missing}`. `nobody`: `[type, typed]` of each name that is
   * nobody's; `missing(type)`: the ids that came without a name.
   */
  async cases(state, signal) {
    const members = await this.#ids("Patient", state.member, signal);
    const owners = await this.#ids("Practitioner", state.owner, signal);
    const nobody = [
      ["Patient", state.member, members],
      ["Practitioner", state.owner, owners],
    ].filter(([, , ids]) => ids?.length === 0);
    if (nobody.length) return { cases: [], total: 0, next: "", nobody, missing: () => [] };
    const page = await searchPage(this.#session, caseSearch(state, { members, owners }), { signal });
    knownNames(page.resources, this.names);
    const now = Date.now();
    const cases = page.resources.map((episode) => caseHeader(episode, now));
    const people = page.resources.map(({ patient, careManager }) => [patient, careManager]);
    const missing = (type) => unnamed(people, this.names, type);
    return { cases, total: page.total, next: cursorOf(page.next), nobody: [], missing };
  }

  /** Return `{view, missing}` of one case: all of it in one answer, as of one moment. */
  async case(id, signal) {
    const bundle = await this.#session.get(`EpisodeOfCare/${encodeURIComponent(id)}/$case`, { signal });
    const view = caseView(bundle);
    for (const [key, name] of view.names) this.names.set(key, name);
    return { view: { ...view, names: this.names }, missing: (type) => unnamed(bundle, this.names, type) };
  }

  /** Learn the names of those ids of a type that no reference names. */
  async learn(type, ids, signal) {
    if (!ids.length) return;
    if (!searchParameters(this.#metadata, type).includes("_id")) {
      if (this.canRead(type)) await this.#readEach(type, ids, signal);
      return;
    }
    const { resources } = await searchAll(
      this.#session,
      `${type}?_id=${ids.map(encodeURIComponent).join(",")}`,
      { signal },
    );
    addNames(this.names, resources);
  }

  /** Where names cannot be searched, those in the cases that changed last are known. */
  async #askCases(signal) {
    if (this.#told) return;
    const url = query("EpisodeOfCare", {
      _elements: "patient,careManager",
      _sort: "-_lastUpdated",
      _count: 200,
    });
    const { resources } = await searchAll(this.#session, url, { signal, most: CASES_ASKED / 200 });
    knownNames(resources, this.names);
    this.#told = true;
  }

  async #readEach(type, ids, signal) {
    const read = (id) => this.#session.get(`${type}/${encodeURIComponent(id)}`, { signal });
    const answers = await Promise.allSettled(ids.slice(0, MOST_READ).map(read));
    addNames(
      this.names,
      answers.flatMap(({ value }) => value ?? []),
    );
  }

  /** Return the ids that something typed means: null for nothing typed, [] for nobody. */
  async #ids(type, typed, signal) {
    if (!typed) return null;
    if (looksLikeId(typed)) return [typed];
    if (!this.byName[type]) await this.#askCases(signal);
    const words = typed.toLowerCase();
    const known = namedOf(this.names, type).filter(({ name }) => name.toLowerCase().includes(words));
    if (!this.byName[type]) return known.map(({ id }) => id);
    const { resources } = await searchAll(this.#session, nameSearch(type, typed), { signal, most: 2 });
    addNames(this.names, resources);
    return [...new Set([...known, ...resources].map(({ id }) => id))];
  }
}
