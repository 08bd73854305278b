/** One line of time of interactions (Communication), the case's log (Provenance) and documents. */

import { extensionValue, list, newestFirst, quantity } from "../../shared/fhir.js";
import { codes, conceptWords, isTagged } from "./fields.js";
import { statusOf } from "./status.js";
import { monthOf } from "./time.js";

/** The kinds of entries, in the order in which they are offered. */
export const KINDS = [
  { kind: "contact", one: "Interaction", many: "Interactions" },
  { kind: "log", one: "Log entry", many: "Log" },
  { kind: "document", one: "Document", many: "Documents" },
];

/** Return the entries of a case, newest first, those without a date last. Parts are `{path, resource}`. */
export function timeline({ communications, logs, documents }) {
  return [...communications.map(contact), ...logs.map(logged), ...documents.map(document)].sort(
    newestFirst((each) => each.when),
  );
}

/** Return entries by month: `[{month: "2026-06", entries}]`; the month is "" without a date. */
export function byMonth(entries) {
  const months = [];
  for (const each of entries) {
    const month = monthOf(each.when);
    if (months.at(-1)?.month !== month) months.push({ month, entries: [] });
    months.at(-1).entries.push(each);
  }
  return months;
}

function entry(kind, { path, resource }, more) {
  const people = more.people
    .map(({ word, who }) => ({ word, who: list(who).filter(named) }))
    .filter(({ who }) => who.length);
  const facts = more.facts.filter(Boolean);
  return {
    kind,
    path,
    resource,
    hidden: isTagged(resource, "hidden"),
    status: null,
    ...more,
    people,
    facts,
  };
}

function named(reference) {
  return reference?.reference || reference?.display || reference?.identifier?.value;
}

function joined(concepts, separator = ", ") {
  return [...new Set(list(concepts).map(conceptWords).filter(Boolean))].join(separator);
}

function contact(part) {
  const { resource } = part;
  const said = list(resource.payload).map((each) => each?.contentString);
  const category = joined(resource.category);
  return entry("contact", part, {
    when: resource.sent ?? resource.received ?? "",
    title: conceptWords(resource.topic) || category || "Interaction",
    status: statusOf(resource.status),
    text: [...said, extensionValue(resource, "description")].filter(Boolean).join("\n"),
    people: [
      { word: "by", who: resource.sender ?? extensionValue(resource, "recorded-by") },
      { word: "with", who: resource.recipient },
    ],
    facts: [
      category,
      medium(resource),
      quantity(extensionValue(resource, "duration")),
      joined(resource.statusReason),
    ],
  });
}

/** The local code of a medium says it shorter than HL7's, which stands before it. */
function medium(resource) {
  const found = list(resource.medium).map((concept) => {
    const codings = list(concept?.coding);
    const local = codings.find((each) => /^[a-z]/.test(each?.code ?? ""));
    return conceptWords(local ? { coding: [local] } : concept);
  });
  return [...new Set(found.filter(Boolean))].join(", ");
}

function logged(part) {
  const { resource } = part;
  const activity = conceptWords(resource.activity);
  const title = extensionValue(resource, "description") || activity || "Log entry";
  const after = extensionValue(resource, "new-value");
  const note = codes(resource.activity).includes("note_added");
  return entry("log", part, {
    when: resource.recorded ?? "",
    title,
    text: note ? (after ?? "") : change(extensionValue(resource, "previous-value"), after),
    people: [{ word: "by", who: list(resource.agent).map((agent) => agent?.who) }],
    facts: [activity.toLowerCase() === title.toLowerCase() ? "" : activity],
  });
}

function change(before, after) {
  const words = (value) => {
    if (!value) return "";
    return /^[a-z_-]+$/.test(value) ? statusOf(value).text : String(value);
  };
  if (before && after) return `${words(before)} → ${words(after)}`;
  return after ? words(after) : before ? `was ${words(before)}` : "";
}

function document(part) {
  const { resource } = part;
  const attachment = list(resource.content)[0]?.attachment ?? {};
  const file = attachment.url?.split("/").pop();
  const title = attachment.title || resource.description || file || "Document";
  return entry("document", part, {
    when: resource.date ?? "",
    title,
    text: resource.description === title ? "" : (resource.description ?? ""),
    people: [{ word: "by", who: resource.author }],
    facts: [conceptWords(resource.type), attachment.contentType],
  });
}
