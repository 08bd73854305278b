import assert from "node:assert/strict";
import test from "node:test";
import { refText } from "../../shared/fhir.js";
import { caseHeader, caseView } from "./case.js";

const GUIDE = "https://fhir.wellnecity.com/";
const NOW = Date.parse("2026-07-01T12:00:00Z");

const extension = (name, value) => ({ url: `${GUIDE}StructureDefinition/${name}`, ...value });
const parts = (name, values) =>
  extension(name, { extension: Object.entries(values).map(([url, value]) => ({ url, ...value })) });
const local = (system, code, display) => ({
  coding: [{ system: `${GUIDE}CodeSystem/${system}`, code, display }],
});
const hidden = { tag: [{ system: `${GUIDE}CodeSystem/record-state`, code: "hidden" }] };
const bundle = (...resources) => ({
  resourceType: "Bundle",
  type: "collection",
  entry: resources.map((resource) => ({ fullUrl: `urn:${resource.resourceType}`, resource })),
});

const EPISODE = {
  resourceType: "EpisodeOfCare",
  id: "c1",
  status: "active",
  identifier: [{ system: `${GUIDE}sid/wellnecity-case`, value: "CAS-1" }],
  type: [local("case-type", "medication", "Medication"), local("case-subtype", "step-therapy")],
  patient: { reference: "Patient/M1", display: "Ada Example" },
  careManager: { reference: "Practitioner/U1" },
  diagnosis: [
    { condition: { display: "Asthma" } },
    { condition: { identifier: { value: "J45" } } },
    {},
  ],
  period: { start: "2026-01-02" },
  extension: [
    extension("case-name", { valueString: "Inhaler" }),
    extension("due-date", { valueDate: "2026-06-30" }),
    extension("case-status", {
      valueCodeableConcept: local("case-status", "pending_info", "pending_info"),
    }),
    extension("program-key", { valueString: "asthma_care" }),
    extension("case-origin", { valueCode: "moi" }),
    extension("case-origin", { valueCode: "financial_control" }),
    parts("campaign", { id: { valueString: "CMP-1" }, name: { valueString: "Breathe" } }),
    parts("performance-lever", { id: { valueString: "PL-1" } }),
    parts("savings", { identified: { valueMoney: { value: 12.5, currency: "USD" } } }),
    extension("note", { valueAnnotation: { time: "2026-02-01", text: "older" } }),
    extension("note", {
      valueAnnotation: { time: "2026-03-01", text: "newer", authorString: "Bo" },
    }),
    extension("note", { valueAnnotation: { time: "2026-04-01" } }),
  ],
};

test("the head of a case says what is stored, in words", () => {
  const header = caseHeader(EPISODE, NOW);
  assert.equal(header.number, "CAS-1");
  assert.equal(header.name, "Inhaler");
  assert.deepEqual(header.status, { code: "active", text: "Active", tone: "good" });
  assert.deepEqual(header.state, { code: "pending_info", text: "Pending info", tone: "warn" });
  assert.equal(header.type, "Medication");
  assert.deepEqual(header.subtypes, ["Step therapy"]);
  assert.equal(header.program, "Asthma care");
  assert.equal(header.campaign, "Breathe");
  assert.equal(header.lever, "PL-1");
  assert.deepEqual(header.origins, ["MOI", "Financial control"]);
  assert.deepEqual(header.conditions, ["Asthma", "J45"]);
  assert.equal(header.overdue, true);
});

test("a case is overdue after its day, and only while it is active", () => {
  const at = (text) => Date.parse(text);
  assert.equal(caseHeader(EPISODE, at("2026-06-30T12:00:00Z")).overdue, false);
  assert.equal(caseHeader(EPISODE, at("2026-07-01T12:00:00Z")).overdue, true);
  assert.equal(caseHeader({ ...EPISODE, status: "finished" }, NOW).overdue, false);
});

test("a case of which almost nothing is known has a head", () => {
  const header = caseHeader({ resourceType: "EpisodeOfCare", id: "c2" }, NOW);
  assert.equal(header.number, "c2");
  assert.equal(header.name, "Case without a name");
  assert.equal(header.status.text, "No status");
  assert.equal(header.state, null);
  assert.equal(header.due, "");
  assert.equal(header.overdue, false);
});

test("a status that is no word is not shown as one", () => {
  const odd = {
    ...EPISODE,
    extension: [extension("case-status", { valueCodeableConcept: local("case-status", "?") })],
  };
  assert.equal(caseHeader(odd, NOW).state, null);
});

test("parts that are missing are empty, and no error", () => {
  const view = caseView(bundle({ resourceType: "EpisodeOfCare", id: "c2" }), NOW);
  for (const name of [
    "parties",
    "steps",
    "tasks",
    "goals",
    "flags",
    "timeline",
    "items",
    "outcomes",
    "notes",
  ]) {
    assert.deepEqual(view[name], [], name);
  }
  assert.deepEqual(view.savings, { identified: null, realized: null, lastRealized: "" });
  assert.ok(view.counts.every(({ total }) => total === 0));
  assert.deepEqual(view.paths, {
    case: "EpisodeOfCare/c2/$case",
    episode: "EpisodeOfCare/c2",
    team: "",
    plan: "",
    items: "",
  });
});

test("an answer without a case is an error", () => {
  assert.throws(() => caseView({ resourceType: "Bundle" }), /no case/);
});

test("everything is counted, hidden things too, and those said apart", () => {
  const view = caseView(
    bundle(
      EPISODE,
      { resourceType: "Task", id: "t1", status: "ready" },
      { resourceType: "Task", id: "t2", status: "ready", meta: hidden },
      { resourceType: "DocumentReference", status: "current" },
      { resourceType: "Unheard", id: "u1" },
    ),
    NOW,
  );
  const count = (type) => view.counts.find((each) => each.type === type);
  assert.deepEqual(count("Task"), { type: "Task", words: "tasks", total: 2, hidden: 1 });
  assert.deepEqual(count("DocumentReference"), {
    type: "DocumentReference",
    words: "document",
    total: 1,
    hidden: 0,
  });
  assert.equal(view.tasks[1].hidden, true);
  // A document of the platform without an id has no address.
  assert.equal(view.timeline[0].path, "");
});

test("open tasks come first, the one due soonest before the others", () => {
  const task = (id, status, due) => ({
    resourceType: "Task",
    id,
    status,
    description: id,
    restriction: due && { period: { end: due } },
  });
  const view = caseView(
    bundle(
      EPISODE,
      task("done", "completed", "2026-01-01"),
      task("never", "ready"),
      task("later", "ready", "2026-09-01"),
      task("late", "in-progress", "2026-06-01T10:00:00Z"),
    ),
    NOW,
  );
  assert.deepEqual(
    view.tasks.map(({ title }) => title),
    ["late", "later", "never", "done"],
  );
  assert.deepEqual(
    view.tasks.map(({ overdue }) => overdue),
    [true, false, false, false],
  );
});

test("a goal has its achievement, its target's day and its outcome", () => {
  const [goal] = caseView(
    bundle(EPISODE, {
      resourceType: "Goal",
      id: "g1",
      lifecycleStatus: "completed",
      description: { text: "Walk" },
      achievementStatus: local("goal-achievement", "achieved", "Achieved"),
      target: [{ dueDate: "2026-08-01" }],
      outcomeCode: [{ text: "Walks" }],
    }),
    NOW,
  ).goals;
  assert.equal(goal.open, false);
  assert.equal(goal.achievement.tone, "good");
  assert.equal(goal.due, "2026-08-01");
  assert.equal(goal.outcome, "Walks");
});

test("a flag is called by its name, its text stands beside it", () => {
  const code = { coding: [{ code: "VIP", display: "VIP" }], text: "Call the senior manager." };
  const [flag] = caseView(
    bundle(EPISODE, { resourceType: "Flag", id: "f1", status: "active", code }),
    NOW,
  ).flags;
  assert.deepEqual([flag.title, flag.text, flag.open], ["VIP", "Call the senior manager.", true]);
  const bare = { resourceType: "Flag", id: "f2", status: "inactive", code: { text: "Only words" } };
  const [other] = caseView(bundle(EPISODE, bare), NOW).flags;
  assert.deepEqual([other.title, other.text], ["Only words", ""]);
});

test("notes are the newest first, and those without words are none", () => {
  const { notes } = caseView(bundle(EPISODE), NOW);
  assert.deepEqual(
    notes.map(({ text }) => text),
    ["newer", "older"],
  );
  assert.equal(notes[0].author.display, "Bo");
});

test("a name that stands beside one reference is known for all of them", () => {
  const view = caseView(
    bundle(EPISODE, {
      resourceType: "Task",
      id: "t1",
      status: "ready",
      owner: { reference: "Practitioner/U1", display: "Ola" },
    }),
    NOW,
  );
  assert.equal(refText(view.owner, view.names), "Ola");
});

test("what else belongs to a case is listed, other cases with a way to them", () => {
  const stored = {
    resourceType: "List",
    id: "c1",
    entry: [
      { item: { reference: "EpisodeOfCare/c9", type: "EpisodeOfCare", display: "Other" } },
      { item: { reference: "MedicationRequest/RX-1", type: "MedicationRequest" } },
      { item: { identifier: { value: "X-1" } } },
      {},
    ],
  };
  const { items } = caseView(bundle(EPISODE, stored), NOW);
  assert.deepEqual(
    items.map(({ type, text, isCase }) => [type, text, isCase]),
    [
      ["Episode of care", "Other", true],
      ["Medication request", "RX-1", false],
      ["Item", "X-1", false],
      ["Item", "Without a name", false],
    ],
  );
});
