/** What the page asks the server for. */

import { knownNames, nameOf, query, searchAll, searchPage } from "../shared/fhir.js";
import {
  canRead,
  caseSearch,
  cursorOf,
  looksLikeId,
  MOST_PEOPLE,
  nameSearch,
  numberSearch,
  searchParameters,
  spellings,
} from "./model/address.js";
import { caseHeader, caseView } from "./model/case.js";
import { refId } from "./model/fields.js";
import { addNames, isCalled, namedOf, unnamed } from "./model/names.js";

/** How many cases tell names where names cannot be searched. */
const CASES_ASKED = 1000;

/** The server as this page uses it, and the names that were learned from it. */
export class Reading {
  /** Map of `Type/id` → name. */
  names = new Map();
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
  }

  /** Return whether the server has resources of a type, and this session may read them. */
  canRead(type) {
    return canRead(this.#metadata, type) && this.#session.may("r", type);
  }

  /**
   * Return `{cases, total, next, looked, numbered, missing}`. `looked`: whom the typed texts mean, as
   * `#whom` returns it; where that is nobody there are no cases. `numbered`: the cases that have what
   * was typed as their number, and are found where no member's are: null where nothing was asked.
   * `missing(type)`: ids without a name.
   */
  async cases(state, signal) {
    const asked = [
      this.#whom("Patient", state.member, signal),
      this.#whom("Practitioner", state.owner, signal),
    ];
    const [members, owners] = await Promise.all(asked);
    const looked = [members, owners].filter(Boolean);
    if (looked.some(({ people }) => !people.length)) {
      return { cases: [], total: null, next: "", looked, numbered: null, missing: () => [] };
    }
    const [ofPeople, numbered] = await Promise.all([
      this.#ofPeople(state, members, owners, signal),
      this.#numbered(state, members, signal),
    ]);
    const byNumber = !ofPeople.resources.length && numbered?.resources.length > 0;
    const page = byNumber ? numbered : ofPeople;
    knownNames([page.resources, numbered?.resources], this.names);
    const now = Date.now();
    const headers = (found) => found.resources.map((episode) => caseHeader(episode, now));
    const people = page.resources.map(({ patient, careManager }) => [patient, careManager]);
    return {
      cases: headers(page),
      total: page.total,
      next: cursorOf(page.next),
      looked,
      numbered: numbered && { cases: headers(numbered), total: numbered.total, alone: byNumber },
      missing: (type) => unnamed(people, this.names, type),
    };
  }

  /** Return the page of cases of the people that were meant; of an id one spelling is kept. */
  async #ofPeople(state, members, owners, signal) {
    const ids = (whom) => whom?.people.map(({ id }) => id);
    const url = () => caseSearch(state, { members: ids(members), owners: ids(owners) });
    const asked = url();
    const page = await searchPage(this.#session, asked, { signal });
    const all = [members, owners].filter(Boolean).map((whom) => [whom, whom.people]);
    this.#spelled(members, page.resources, "patient");
    this.#spelled(owners, page.resources, "careManager");
    if (!page.next || url() === asked) return page;
    // The link to the next page belongs to the search as it was asked; there may be others' cases.
    const again = await searchPage(this.#session, url(), { signal });
    if (again.total === page.total) return again;
    for (const [whom, people] of all) whom.people = people;
    return page;
  }

  /** Return the page of cases with that number; null where what was typed can be none. */
  async #numbered({ member, cursor }, members, signal) {
    if (!members || members.byName || cursor) return null;
    if (!this.#canSearch("EpisodeOfCare", "identifier")) return null;
    try {
      return await searchPage(this.#session, numberSearch(member), { signal });
    } catch (error) {
      if (error.status !== 400 && error.status !== 422) throw error;
      return null;
    }
  }

  /** Keep that spelling of an id which cases have, or a name is known for; else what was typed. */
  #spelled(whom, episodes, element) {
    if (!whom || whom.byName) return;
    const found = new Set(episodes.map((episode) => refId(episode[element])));
    const has = ({ id }) => found.has(id);
    const known = ({ id }) => this.names.has(`${whom.type}/${id}`);
    const fitting = whom.people.filter(has);
    whom.people = fitting.length ? fitting : [whom.people.find(known) ?? whom.people[0]];
  }

  /** Return `{view, missing}` of one case: all of it in one answer, as of one moment. */
  async case(id, signal) {
    const path = `EpisodeOfCare/${encodeURIComponent(id)}/$case`;
    const bundle = await this.#session.get(path, { signal });
    const view = caseView(bundle);
    for (const [key, name] of view.names) this.names.set(key, name);
    const missing = (type) => unnamed(bundle, this.names, type);
    return { view: { ...view, names: this.names }, missing };
  }

  /** Learn the names of those ids of a type that no reference names. */
  async learn(type, ids, signal) {
    if (!this.#canSearch(type, "_id")) return;
    for (let from = 0; from < ids.length; from += MOST_PEOPLE) {
      const url = query(type, { _id: ids.slice(from, from + MOST_PEOPLE), _count: MOST_PEOPLE });
      const { resources } = await searchPage(this.#session, url, { signal });
      addNames(this.names, resources);
    }
  }

  #canSearch(type, parameter) {
    const parameters = searchParameters(this.#metadata, type);
    return parameters.includes(parameter) && this.#session.may("s", type);
  }

  /**
   * Return whom something typed means: `{type, typed, byName, people, refused, remembered}`; null for
   * nothing typed. `people`: `[{id, name}]`, none where the server refused to look, whose words are
   * `refused`. `remembered`: whether only some names are known.
   */
  async #whom(type, typed, signal) {
    if (!typed) return null;
    const whom = { type, typed, byName: true, people: [], refused: "", remembered: false };
    if (looksLikeId(typed)) {
      const people = spellings(typed).map((id) => ({ id, name: id }));
      return { ...whom, byName: false, people };
    }
    if (!this.#canSearch(type, "name"))
      return { ...whom, remembered: true, ...(await this.#remembered(type, typed, signal)) };
    const url = nameSearch(type, typed);
    try {
      const { resources } = url
        ? await searchPage(this.#session, url, { signal })
        : { resources: [] };
      addNames(this.names, resources);
      return { ...whom, people: resources.map((each) => ({ id: each.id, name: nameOf(each) })) };
    } catch (error) {
      if (error.status !== 400 && error.status !== 422) throw error;
      return { ...whom, refused: error.message };
    }
  }

  /**
   * Where names cannot be searched, those in the cases that changed last are known: another server
   * holds the people, or the session was not allowed to search them.
   */
  async #remembered(type, typed, signal) {
    await this.#askCases(signal);
    const people = namedOf(this.names, type).filter(({ name }) => isCalled(name, typed));
    if (people.length <= MOST_PEOPLE) return { people };
    return { refused: `More than ${MOST_PEOPLE} have such a name: give more of it, or an id.` };
  }

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
}
