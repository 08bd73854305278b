/** What is on the page follows from its address: a search, or a case. */

import { announce, el, fill, focusOn } from "../shared/dom.js";
import { SessionExpired } from "../shared/errors.js";
import { empty, expired, failure, loading } from "../shared/states.js";
import {
  DEFAULTS,
  isTurned,
  listOf,
  readAddress,
  withoutNames,
  writeAddress,
} from "./model/address.js";
import { Reading } from "./reading.js";
import { back, caseArticle } from "./view/case.js";
import { rename } from "./view/pieces.js";
import { rawDialog } from "./view/raw.js";
import { offerOwners, refill, results, resultsTitle, searchForm } from "./view/search.js";
import { settled, turned, unclear } from "./view/whom.js";

const TITLE = "Case page";

/** Show what the address says, and follow it from now on. */
export function start(session, main) {
  const notice = el("div", { id: "notice" });
  const body = el("div", { id: "body" });
  fill(main, notice, body);
  new Page(session, notice, body).begin();
}

class Page {
  #session;
  #reading;
  #notice;
  #body;
  #open;
  #state = null;
  #abort = null;
  #showKind = null;

  constructor(session, notice, body) {
    this.#session = session;
    this.#reading = new Reading(session);
    this.#notice = notice;
    this.#body = body;
    this.#open = rawDialog(session, {
      mayRead: (type) => this.#reading.canRead(type),
      onError: (error) => this.#expire(error),
    });
  }

  async begin() {
    if (location.search.length < 2 && this.#session.patient) {
      // An EHR had a chart open: begin with that member's cases.
      const state = { ...DEFAULTS, member: this.#session.patient, status: "any" };
      history.replaceState(null, "", writeAddress(state));
    }
    window.addEventListener("popstate", () => this.#follow());
    fill(this.#body, loading());
    try {
      await this.#reading.prepare();
    } catch (error) {
      this.#expire(error);
    }
    this.#learnUser();
    this.#follow({ first: true });
  }

  /** Go to an address of this page; where it is shown already, it is read anew. */
  go = (href) => {
    if (href !== writeAddress(this.#state)) history.pushState(null, "", href);
    this.#follow({ anew: true });
  };

  /** Search for what was typed. A name is no part of the address until it is known what it means. */
  #search = (state) => {
    const [address, names] = withoutNames(state);
    const href = writeAddress(address);
    if (writeAddress(state) !== writeAddress(this.#state)) history.pushState(names, "", href);
    this.#follow({ anew: true });
  };

  /** Put ids in the place of names where each is known to be one person, in form and address. */
  #settle(looked) {
    const before = this.#state;
    this.#state = settled(before, looked);
    history.replaceState(null, "", writeAddress(this.#state) + location.hash);
    refill(before, this.#state);
    return this.#state;
  }

  #follow({ first = false, anew = false } = {}) {
    const state = { ...readAddress(location.search), ...history.state };
    const before = this.#state;
    this.#state = state;
    const same =
      before && writeAddress({ ...state, show: "" }) === writeAddress({ ...before, show: "" });
    if (same && !anew) {
      // A step within a case: to one of its parts, or to other entries of its time line.
      if (state.show !== before.show) this.#showKind?.(state.show);
      return;
    }
    this.#abort?.abort();
    this.#abort = new AbortController();
    if (state.case) this.#showCase(state, this.#abort.signal, first);
    else this.#showList(state, this.#abort.signal, { first, from: before?.case });
  }

  async #showList(state, signal, { first, from }) {
    const { names } = this.#reading;
    const [, user] = /^Practitioner\/(.+)$/.exec(this.#session.user ?? "") ?? [];
    const title = el("h2", { id: "found", class: "found" }, "Cases");
    const found = el("div", { id: "results" }, loading("Searching…"));
    document.title = `Cases · ${TITLE}`;
    fill(
      this.#body,
      el("h1", {}, "Cases"),
      searchForm({ state, names, user, search: this.#search, go: this.go }),
      el("section", { "aria-labelledby": "found" }, title, found),
    );
    try {
      const wrong = isTurned(state) && turned(state, this.go);
      const answer = !wrong && (await this.#reading.cases(state, signal));
      if (signal.aborted) return;
      const asked = wrong || unclear(answer.looked);
      const now = this.#settle(asked || answer.numbered?.alone ? [] : answer.looked);
      if (asked) {
        fill(
          found,
          empty(asked.title, asked.words),
          asked.link && el("p", { class: "paging" }, asked.link),
        );
        announce(asked.words);
      } else this.#found(answer, now, title, found);
      if (answer) this.#learn(answer.missing, signal);
      const opened = from && this.#body.querySelector(`[data-case="${CSS.escape(from)}"] a`);
      if (!first) focusOn(opened || title);
    } catch (error) {
      if (!signal.aborted) this.#settle([]);
      this.#fail(error, found, signal);
      if (!signal.aborted && !first) focusOn(title);
    }
  }

  #found(answer, state, title, found) {
    const { names } = this.#reading;
    const count = answer.total !== null && el("span", { class: "count" }, String(answer.total));
    fill(title, resultsTitle(answer, state, names), " ", count);
    fill(found, results({ ...answer, state, names, go: this.go }));
    offerOwners(names);
    const number = answer.total ?? answer.cases.length;
    announce(`${number} ${number === 1 ? "case" : "cases"} found.`);
  }

  async #showCase(state, signal, first) {
    const context = {
      state,
      names: this.#reading.names,
      open: this.#open,
      go: this.go,
      choose: (kind) => this.#choose(kind),
    };
    fill(this.#body, back(context), loading("Reading the case…"));
    try {
      const { view, missing } = await this.#reading.case(state.case, signal);
      if (signal.aborted) return;
      document.title = `${view.number} ${view.name} · ${TITLE}`;
      const { article, showKind } = caseArticle(view, context);
      this.#showKind = showKind;
      fill(this.#body, article);
      announce(`Case ${view.number}, ${view.name}, loaded.`);
      if (!first) {
        window.scrollTo(0, 0);
        focusOn(document.getElementById("case-title"));
      }
      await this.#learn(missing, signal);
    } catch (error) {
      this.#fail(error, this.#body, signal, el("h1", {}, "Case"), back(context));
    }
  }

  /** Which entries of the time line are shown stands in the address, and is no step of its own. */
  #choose(kind) {
    this.#state = { ...this.#state, show: kind };
    history.replaceState(null, "", writeAddress(this.#state) + location.hash);
  }

  /** Names come after what they stand in: nobody waits for them. */
  async #learn(missing, signal) {
    rename(document.getElementById("bar"), this.#reading.names);
    const learn = async (type) => {
      try {
        await this.#reading.learn(type, missing(type), signal);
        if (!signal.aborted) rename(this.#body, this.#reading.names);
      } catch (error) {
        // Ids stay where names could not be learned.
        if (!signal.aborted) this.#expire(error);
      }
    };
    await Promise.all(["Organization", "Practitioner", "Patient"].map(learn));
  }

  async #learnUser() {
    const [type, id] = (this.#session.user ?? "").split("/").slice(-2);
    try {
      if (id) await this.#reading.learn(type, [id]);
      rename(document.getElementById("bar"), this.#reading.names);
    } catch (error) {
      this.#expire(error);
    }
  }

  #fail(error, where, signal, ...above) {
    if (signal.aborted) return;
    this.#expire(error);
    const retry = () => {
      this.#follow({ anew: true });
    };
    const notThere = error.status === 404 || error.status === 410;
    const title = notThere ? "This case is not there, or you may not see it" : "This did not work";
    const firstPage = this.#firstPage(error);
    const pointless = notThere || firstPage || error instanceof SessionExpired;
    fill(where, ...above, failure(error, { title, retry: pointless ? null : retry }), firstPage);
  }

  /** A link to a page is good for the one who got it; another one begins at the first. */
  #firstPage(error) {
    const { cursor } = this.#state;
    if (!cursor || error.status !== 400) return null;
    const href = writeAddress({ ...listOf(this.#state), cursor: "" });
    return el("p", {}, el("a", { class: "button", href }, "First page"));
  }

  #expire(error) {
    if (error instanceof SessionExpired && !this.#notice.hasChildNodes())
      fill(this.#notice, expired());
  }
}
