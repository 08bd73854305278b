/** The parties of a case: an organization in a role, its own case, and its people. */

import { list, refKey } from "../../shared/fhir.js";
import { codes, conceptWords, extensions, partValue, refId } from "./fields.js";
import { statusOf } from "./status.js";

/** Return the parties of a CareTeam in its order; people stand with the organization they act for. */
export function parties(team) {
  const found = [];
  for (const participant of list(team?.participant)) {
    const home = isPerson(participant) && found.findLast((each) => belongs(participant, each));
    if (home) home.people.push(participant.member);
    else found.push(party(participant));
  }
  return found;
}

function party(participant) {
  const [more] = extensions(participant, "party-case");
  const person = isPerson(participant);
  const status = partValue(more, "status");
  const said = partValue(more, "status-display") ?? conceptWords(status);
  return {
    role: roleOf(participant),
    organization: person ? participant.onBehalfOf : participant.member,
    people: person ? [participant.member] : [],
    caseId: partValue(more, "case-id") ?? "",
    caseName: partValue(more, "name") ?? "",
    status: said ? statusOf(codes(status)[0], said) : null,
    primary: partValue(more, "is-primary") === true,
  };
}

function roleOf(participant) {
  return list(participant.role).map(conceptWords).find(Boolean) ?? "Role unknown";
}

function isPerson(participant) {
  return Boolean(participant.onBehalfOf || refKey(participant.member)?.startsWith("Practitioner/"));
}

function belongs(person, candidate) {
  const same = refId(person.onBehalfOf) === refId(candidate.organization);
  return same && roleOf(person) === candidate.role;
}
