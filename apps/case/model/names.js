/** Who is who: a name stands beside some references to a person or party, and not beside others. */

import { knownNames, list, nameOf, refKey } from "../../shared/fhir.js";

const BEFORE_WORDS = [..." .;:/(\"'’‐-"];

/** Return the ids of a type that resources refer to and `names` (Map of `Type/id` → name) lacks. */
export function unnamed(resources, names, type) {
  const found = new Set();
  const visit = (value) => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value && typeof value === "object") {
      const key = typeof value.reference === "string" && refKey(value);
      if (key && key.startsWith(`${type}/`) && !names.has(key)) found.add(key.split("/")[1]);
      Object.values(value).forEach(visit);
    }
  };
  visit(resources);
  return [...found].sort();
}

/** Add the names of Patients, Practitioners and Organizations that were read. */
export function addNames(names, resources) {
  for (const resource of list(resources)) {
    const name = nameOf(resource);
    if (name && name !== resource.id) names.set(`${resource.resourceType}/${resource.id}`, name);
  }
  return names;
}

/** Return those of a type with a name, by name: `[{id, name}]`. */
export function namedOf(names, type) {
  return [...names]
    .filter(([key]) => key.startsWith(`${type}/`))
    .map(([key, name]) => ({ id: key.slice(type.length + 1), name }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** Return the words of a text, without case and accents: `Nullström, Zoë` → `[nullstrom, zoe]`. */
function words(text) {
  const plain = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.split(/[\s,]+/).filter(Boolean);
}

/** Return whether each word that was typed begins some word of a name, as the server compares. */
export function isCalled(name, typed) {
  const [wanted, own] = [words(typed), words(name).join(" ")];
  const begins = (word) =>
    own.startsWith(word) || BEFORE_WORDS.some((each) => own.includes(each + word));
  return wanted.length > 0 && wanted.every(begins);
}

export { knownNames };
