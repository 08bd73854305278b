/** The names of people: those stored beside references at once, the others as they are found. */

import { el } from "../shared/dom.js";
import { knownNames, nameOf, refKey, refText, searchPage } from "../shared/fhir.js";

const MOST = 40;

/** Knows who is who, and puts names where they are wanted, also later. */
export class Names {
  #known = new Map();
  #asked = new Set();
  #nodes = [];

  /** Take the names that stand beside references. */
  learn(resources) {
    knownNames(resources, this.#known);
    this.#show();
  }

  /** Return a node with the name of a Reference. */
  node(reference) {
    const node = el("span", {}, this.text(reference));
    this.#nodes.push({ node, reference });
    return node;
  }

  text(reference) {
    return refText(reference, this.#known);
  }

  get known() {
    return this.#known;
  }

  /** Ask the server for the practitioners that are shown without a name; it may know none. */
  async complete(session) {
    if (!session.may("s", "Practitioner")) return;
    const missing = this.#nodes
      .map(({ reference }) => refKey(reference))
      .filter(
        (key) => key?.startsWith("Practitioner/") && !this.#known.has(key) && !this.#asked.has(key),
      );
    const keys = [...new Set(missing)].slice(0, MOST);
    if (!keys.length) return;
    keys.forEach((key) => this.#asked.add(key));
    try {
      await this.#ask(session, keys);
    } catch {
      // The ids stay: a name that is not known is no error of this page.
    }
    this.#show();
  }

  async #ask(session, keys) {
    const ids = keys.map((key) => encodeURIComponent(key.split("/")[1])).join(",");
    const { resources } = await searchPage(session, `Practitioner?_id=${ids}`);
    for (const found of resources) {
      if (found.name) this.#known.set(`Practitioner/${found.id}`, nameOf(found));
    }
  }

  #show() {
    this.#nodes = this.#nodes.filter(({ node }) => node.isConnected || !node.dataset.seen);
    for (const { node, reference } of this.#nodes) {
      node.dataset.seen = "1";
      const words = this.text(reference);
      if (node.textContent !== words) node.textContent = words;
    }
  }
}
