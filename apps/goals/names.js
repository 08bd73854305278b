/** The names of people: those stored beside references at once, the others as they are found. */

import { el } from "../shared/dom.js";
import { knownNames, nameOf, refKey, refText } from "../shared/fhir.js";

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
    if (!session.may("r", "Practitioner")) return;
    const missing = this.#nodes
      .map(({ reference }) => refKey(reference))
      .filter(
        (key) => key?.startsWith("Practitioner/") && !this.#known.has(key) && !this.#asked.has(key),
      );
    const keys = [...new Set(missing)].slice(0, MOST);
    await Promise.all(keys.map((key) => this.#ask(session, key)));
    this.#show();
  }

  async #ask(session, key) {
    this.#asked.add(key);
    try {
      const found = await session.get(key);
      if (found?.name) this.#known.set(key, nameOf(found));
    } catch {
      // The id stays: a name that is not known is no error of this page.
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
