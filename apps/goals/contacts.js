/** Contacts (Communication) as a member reads them. Pure: no page, no network. */

import {
  conceptText,
  isPlanned,
  list,
  moment,
  newestFirst,
  refKey,
  soonestFirst,
} from "../shared/fhir.js";
import { mistaken } from "./goals.js";
import { CONTACT_STATUS, MEDIUM } from "./words.js";

/**
 * Return `{planned, last}`: what is to come, soonest first, and what was, newest first; those without
 * a date last.
 */
export function contacts(communications, patient, now) {
  const known = communications.filter((each) => !mistaken(each));
  const views = (all) => all.map((each) => contactView(each, patient));
  const planned = known.filter((each) => isPlanned(each, now));
  const last = known.filter((each) => !planned.includes(each));
  return {
    planned: views(planned).sort(soonestFirst((each) => each.when)),
    last: views(last).sort(newestFirst((each) => each.when)),
  };
}

/** Return what is shown of a contact. */
export function contactView(communication, patient) {
  const own = refKey(communication.sender) === `Patient/${patient}`;
  return {
    id: communication.id,
    how: medium(communication),
    title: conceptText(communication.topic) || medium(communication),
    when: [communication.sent, communication.received].find((each) => !Number.isNaN(moment(each))),
    own,
    other: own ? list(communication.recipient)[0] : communication.sender,
    said: list(communication.payload)
      .map((each) => each?.contentString?.trim?.())
      .filter(Boolean),
    papers: list(communication.payload).map(paper).filter(Boolean),
    state: CONTACT_STATUS[communication.status] ?? null,
    reason: communication.status === "completed" ? "" : conceptText(communication.statusReason),
  };
}

function medium(communication) {
  const codings = list(communication.medium).flatMap((each) => list(each?.coding));
  const local = codings.filter((each) => each?.system?.endsWith("interaction-medium"));
  return [...local, ...codings].map((each) => MEDIUM[each?.code]).find(Boolean) ?? "Contact";
}

function paper(payload) {
  return payload?.contentReference?.display ?? payload?.contentAttachment?.title;
}
