/** SMART scopes: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html */

const VERSION_1 = { read: "rs", write: "cud", "*": "cruds" };

/** Return whether a SMART scope, version 1 or 2, allows a letter with a type. */
export function allows(scope, letter, type) {
  const [, name, letters] = /^(?:patient|user|system)\/([A-Za-z]+|\*)\.([a-z*]+)/.exec(scope) ?? [];
  if (name !== "*" && name !== type) return false;
  return (VERSION_1[letters] ?? letters).includes(letter);
}
