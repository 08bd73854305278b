/** What the case page reads from FHIR resources beside what `shared/fhir.js` does. */

import { humanise, list, refKey, valueX } from "../../shared/fhir.js";

const SYSTEMS = "https://fhir.wellnecity.com/";
const ABBREVIATIONS = new Set(["tpa", "moi", "er", "ppo", "hmo", "hsa", "id", "asap"]);

/** Return the extensions of an element whose URL ends with a name. */
export function extensions(element, name) {
  return list(element?.extension).filter((each) => each?.url?.split("/").pop() === name);
}

/** Return the value of a part of a complex extension. */
export function partValue(extension, name) {
  return valueX(list(extension?.extension).find((each) => each?.url === name));
}

/** Return a code in words, its abbreviations in capitals: `clinical_partner`, `tpa` → `Clinical partner`, `TPA`. */
export function codeWords(code) {
  const text = humanise(code);
  return ABBREVIATIONS.has(text.toLowerCase()) ? text.toUpperCase() : text;
}

/**
 * Return words for a CodeableConcept. Much of the data has the bare code as its text or display:
 * then the code is put in words.
 */
export function conceptWords(concept) {
  const codings = list(concept?.coding);
  const known = new Set(codes(concept));
  const said = [concept?.text, ...codings.map(({ display }) => display)];
  const found =
    said.find((text) => text && !known.has(text)) ?? said.find(Boolean) ?? codes(concept)[0];
  if (!found) return "";
  // `Follow-up` is written as a person would; `in_progress` and `clinical-note` are not.
  return /^[a-z0-9_-]+$/.test(found) ? codeWords(found) : found;
}

/** Return the codes of a CodeableConcept. */
export function codes(concept) {
  return list(concept?.coding)
    .map((coding) => coding?.code)
    .filter(Boolean);
}

/** Return the value of the identifier whose system is `sid/NAME` of this guide. */
export function identifierValue(resource, name) {
  return list(resource?.identifier).find((each) => each?.system === `${SYSTEMS}sid/${name}`)?.value;
}

/** Return whether a record carries a tag of the guide's record states (hidden, archived …). */
export function isTagged(resource, code) {
  return list(resource?.meta?.tag).some(
    (tag) => tag?.code === code && tag.system === `${SYSTEMS}CodeSystem/record-state`,
  );
}

/** Return the id that a Reference names. */
export function refId(reference) {
  return refKey(reference)?.split("/")[1] ?? reference?.identifier?.value ?? "";
}

/** Return the type that a Reference names. */
export function refType(reference) {
  return reference?.type ?? refKey(reference)?.split("/")[0] ?? "";
}
