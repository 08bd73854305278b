// What the tests are told about the servers they talk to, and resources to write.

import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(process.env.CLIENTS_GIVEN, "utf8"));

/** The FHIR base of a server that nobody changes. */
export const readUrl = given.readUrl;

/** The FHIR base of a server that the tests change. */
export const writeUrl = given.writeUrl;

/** The ids that a search of each type finds, by type, in order. */
export const ids = given.ids;

/** A case, and the ids of the work items that name it, by type. */
export const { caseId, linked, patient } = given;

let members = 0;

/** A member whom no document names yet. */
export const newMember = () => `J${process.pid}-${++members}`;

export const subject = (member) => ({ reference: `Patient/${member}` });

export const task = (member, more = {}) => ({
  resourceType: "Task",
  status: "ready",
  intent: "order",
  description: "Call back",
  for: subject(member),
  ...more,
});

export const goal = (member, more = {}) => ({
  resourceType: "Goal",
  lifecycleStatus: "active",
  description: { text: "Walk more" },
  subject: subject(member),
  ...more,
});

export const flag = (member, name) => ({
  resourceType: "Flag",
  status: "active",
  code: { text: name },
  subject: subject(member),
});

/** A Bundle of entries, each [method, url, resource]. */
export const bundle = (type, ...entries) => ({
  resourceType: "Bundle",
  type,
  entry: entries.map(([method, url, resource]) => ({
    ...(resource && { resource }),
    request: { method, url },
  })),
});

export const idsOf = (resources) => resources.map((each) => each.id).sort();
