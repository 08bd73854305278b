/** A case as a person would look at it, from its Case bundle (`EpisodeOfCare/ID/$case`). */

import {
  extensionValue,
  extensionValues,
  knownNames,
  list,
  newestFirst,
  soonestFirst,
} from "../../shared/fhir.js";
import {
  codeWords,
  codes,
  conceptWords,
  extensions,
  identifierValue,
  isTagged,
  partValue,
  refId,
  refType,
} from "./fields.js";
import { parties } from "./parties.js";
import { isClosed, statusOf } from "./status.js";
import { hasPassed } from "./time.js";
import { timeline } from "./timeline.js";
import { workflowSteps } from "./workflow.js";

const COUNTED = {
  Task: ["task", "tasks"],
  Goal: ["goal", "goals"],
  Flag: ["flag", "flags"],
  Communication: ["interaction", "interactions"],
  Provenance: ["log entry", "log entries"],
  DocumentReference: ["document", "documents"],
};

/**
 * Return the view of a Case bundle. A part that is missing is an empty list or "". Each thing has
 * the `resource` it is made from and the `path` to read it, "" where it has no id. `now`: ms.
 */
export function caseView(bundle, now = Date.now()) {
  const of = parts(bundle);
  const episode = of("EpisodeOfCare")[0]?.resource;
  if (!episode) throw new Error("The answer holds no case.");
  return {
    ...caseHeader(episode, now),
    paths: paths(of, episode),
    names: knownNames(list(bundle.entry)),
    parties: parties(of("CareTeam")[0]?.resource),
    steps: workflowSteps(of("CarePlan")[0]?.resource),
    tasks: of("Task")
      .map((part) => task(part, now))
      .sort(openFirst((each) => each.due)),
    goals: of("Goal")
      .map(goal)
      .sort(openFirst((each) => each.due)),
    flags: of("Flag")
      .map(flag)
      .sort(openFirst((each) => each.start)),
    timeline: timeline(
      {
        communications: of("Communication"),
        logs: of("Provenance"),
        documents: of("DocumentReference"),
      },
      now,
    ),
    items: list(of("List")[0]?.resource.entry).map(({ item }) => listed(item)),
    outcomes: of("Observation").map(outcome),
    notes: notes(episode),
    savings: savings(episode),
    counts: Object.entries(COUNTED).map(([type, names]) => counted(type, names, of(type))),
  };
}

/** Return what stands at the head of a case and in its line of a list, from its EpisodeOfCare. */
export function caseHeader(episode, now = Date.now()) {
  const types = list(episode.type).map(conceptWords).filter(Boolean);
  const due = extensionValue(episode, "due-date") ?? "";
  return {
    id: episode.id,
    number: identifierValue(episode, "wellnecity-case") ?? episode.id,
    name: extensionValue(episode, "case-name") || types[0] || "Case without a name",
    description: extensionValue(episode, "case-description") ?? "",
    status: statusOf(episode.status),
    state: state(extensionValue(episode, "case-status")),
    vendorState: conceptWords(extensionValue(episode, "vendor-case-status")),
    type: types[0] ?? "",
    subtypes: [...new Set(types.slice(1))],
    program: codeWords(extensionValue(episode, "program-key")),
    campaign: named(episode, "campaign"),
    healthPlan: named(episode, "campaign-health-plan"),
    lever: named(episode, "performance-lever"),
    origins: extensionValues(episode, "case-origin").map(codeWords).filter(Boolean),
    conditions: list(episode.diagnosis)
      .map(({ condition }) => condition?.display || refId(condition))
      .filter(Boolean),
    member: episode.patient,
    employer: extensionValue(episode, "employer"),
    owner: episode.careManager,
    organization: episode.managingOrganization,
    start: episode.period?.start ?? "",
    end: episode.period?.end ?? "",
    due,
    overdue: episode.status === "active" && hasPassed(due, now),
    lastActivity: extensionValue(episode, "last-activity") ?? "",
    lastReview: extensionValue(episode, "last-review-date") ?? "",
    hidden: isTagged(episode, "hidden"),
  };
}

function parts(bundle) {
  const byType = new Map();
  for (const { resource } of list(bundle?.entry)) {
    if (!resource?.resourceType) continue;
    const { resourceType: type, id } = resource;
    if (!byType.has(type)) byType.set(type, []);
    byType.get(type).push({ resource, path: id ? `${type}/${id}` : "" });
  }
  return (type) => byType.get(type) ?? [];
}

function paths(of, episode) {
  const path = (type) => of(type)[0]?.path ?? "";
  return {
    case: `EpisodeOfCare/${episode.id}/$case`,
    episode: path("EpisodeOfCare"),
    team: path("CareTeam"),
    plan: path("CarePlan"),
    items: path("List"),
  };
}

/** A stored status that is no word (`?`) is not shown as one. */
function state(concept) {
  const words = conceptWords(concept);
  return /[a-z]/i.test(words) ? statusOf(codes(concept)[0], words) : null;
}

function named(episode, name) {
  const [found] = extensions(episode, name);
  return partValue(found, "name") ?? partValue(found, "id") ?? "";
}

function openFirst(date) {
  const sooner = soonestFirst(date);
  return (a, b) => Number(b.open) - Number(a.open) || sooner(a, b);
}

function task({ resource, path }, now) {
  const due = resource.restriction?.period?.end ?? "";
  const category = conceptWords(resource.code);
  const open = !isClosed(resource.status);
  return {
    path,
    resource,
    title: resource.description || category || "Task without a description",
    category,
    status: statusOf(resource.status),
    priority: resource.priority === "routine" ? "" : codeWords(resource.priority),
    owner: resource.owner,
    open,
    due,
    overdue: open && hasPassed(due, now),
    ended: open ? "" : (resource.executionPeriod?.end ?? ""),
    hidden: isTagged(resource, "hidden"),
  };
}

function goal({ resource, path }) {
  const target = list(resource.target)[0];
  const achievement = resource.achievementStatus;
  return {
    path,
    resource,
    title: conceptWords(resource.description) || "Goal without a description",
    status: statusOf(resource.lifecycleStatus),
    achievement: achievement && statusOf(codes(achievement)[0], conceptWords(achievement)),
    target,
    open: !isClosed(resource.lifecycleStatus),
    start: resource.startDate ?? "",
    due: target?.dueDate ?? "",
    outcome: list(resource.outcomeCode).map(conceptWords).filter(Boolean).join("; "),
    owner: extensionValue(resource, "assigned-to"),
    hidden: isTagged(resource, "hidden"),
  };
}

function flag({ resource, path }) {
  const name = list(resource.code?.coding)
    .map((each) => each?.display ?? each?.code)
    .find(Boolean);
  const text = resource.code?.text ?? "";
  return {
    path,
    resource,
    title: name || text || "Flag without a name",
    text: name && text !== name ? text : "",
    category: list(resource.category).map(conceptWords).filter(Boolean).join(", "),
    status: statusOf(resource.status),
    open: resource.status === "active",
    start: resource.period?.start ?? "",
    end: resource.period?.end ?? "",
    owner: extensionValue(resource, "assigned-to") ?? resource.author,
    hidden: isTagged(resource, "hidden"),
  };
}

function listed(item) {
  const id = refId(item);
  return {
    type:
      codeWords(refType(item).replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`)) ||
      "Item",
    text: item?.display || id || "Without a name",
    id,
    isCase: refType(item) === "EpisodeOfCare" && Boolean(id),
  };
}

function outcome({ resource, path }) {
  return {
    path,
    resource,
    category: conceptWords(resource.valueCodeableConcept) || "Without a category",
    when: resource.effectiveDateTime ?? "",
    text: list(resource.note)
      .map((note) => note?.text)
      .filter(Boolean)
      .join("\n"),
  };
}

function notes(episode) {
  return extensionValues(episode, "note")
    .filter((note) => note?.text)
    .map(({ time = "", text, authorReference, authorString }) => ({
      when: time,
      text,
      author: authorReference ?? (authorString && { display: authorString }),
    }))
    .sort(newestFirst((note) => note.when));
}

function savings(episode) {
  const [stored] = extensions(episode, "savings");
  return {
    identified: partValue(stored, "identified") ?? null,
    realized: partValue(stored, "realized") ?? null,
    lastRealized: partValue(stored, "last-realized") ?? "",
  };
}

function counted(type, [one, many], all) {
  const hidden = all.filter(({ resource }) => isTagged(resource, "hidden")).length;
  return { type, words: all.length === 1 ? one : many, total: all.length, hidden };
}
