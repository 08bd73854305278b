/** One line of time of interactions (Communication), the case's log (Provenance) and documents. */

import { extensionValue, isPlanned, list, newestFirst, quantity } from "../../shared/fhir.js";
import { codes, conceptWords, isTagged } from "./fields.js";
import { statusOf } from "./status.js";
import { monthOf, monthWords } from "./time.js";

/** The kinds of entries, in the order in which they are offered. */
export const KINDS = [
  { kind: "contact", one: "Interaction", many: "Interactions" },
  { kind: "log", one: "Log entry", many: "Log" },
  { kind: "document", one: "Document", many: "Documents" },
];

/** Return the entries of a case, newest first, those without a date last. Parts are `{path, resource}`. */
export function timeline({ communications, logs, documents }, now = Date.now()) {
  const contacts = communications.map((part) => contact(part, now));
  return [...contacts, ...logs.map(logged), ...documents.map(document)].sort(
    newestFirst((each) => each.when),
  );
}

/**
 * Return entries as they are headed: `[{title: "June 2026", entries}]`. What is planned stands
 * first, the next one above.
 */
export function headed(entries) {
  const planned = entries.filter((each) => each.planned).reverse();
  const groups = planned.length ? [{ title: "Planned", entries: planned }] : [];
  for (const each of entries.filter((entry) => !entry.planned)) {
    const title = monthWords(monthOf(each.when));
    if (groups.at(-1)?.title !== title) groups.push({ title, entries: [] });
    groups.at(-1).entries.push(each);
  }
  return groups;
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
    planned: false,
    file: "",
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

function contact(part, now) {
  const { resource } = part;
  const said = list(resource.payload).map((each) => each?.contentString);
  const category = joined(resource.category);
  return entry("contact", part, {
    when: resource.sent ?? resource.received ?? "",
    planned: isPlanned(resource, now),
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
    file: kept(attachment.url),
  });
}

/** Return why there is no link to a file. */
function kept(url) {
  if (!url) return "Where the file is kept is not stored.";
  return `Kept in the platform's storage, and not opened from here: ${url}`;
}
