import assert from "node:assert/strict";
import test from "node:test";
import { headed, timeline } from "./timeline.js";

const GUIDE = "https://fhir.wellnecity.com/StructureDefinition/";
const part = (resource) => ({ resource, path: `${resource.resourceType}/${resource.id}` });
const NOW = Date.parse("2026-07-01T12:00:00Z");
const line = ({ communications = [], logs = [], documents = [] }) =>
  timeline(
    {
      communications: communications.map(part),
      logs: logs.map(part),
      documents: documents.map(part),
    },
    NOW,
  );
const logged = (type, values, more = {}) => ({
  resourceType: "Provenance",
  id: "c1.log.1",
  recorded: "2026-02-01T10:00:00Z",
  activity: { coding: [{ code: type, display: type }] },
  agent: [{ who: { reference: "Practitioner/U1" } }],
  extension: Object.entries(values).map(([name, valueString]) => ({
    url: GUIDE + name,
    valueString,
  })),
  ...more,
});

test("interactions, log and documents stand on one line, newest first, those without a date last", () => {
  const entries = line({
    communications: [{ resourceType: "Communication", id: "a", sent: "2026-03-01T10:00:00Z" }],
    logs: [logged("activity", {}, { recorded: undefined }), logged("activity", {})],
    documents: [{ resourceType: "DocumentReference", id: "d", date: "2026-02-15" }],
  });
  assert.deepEqual(
    entries.map(({ kind, when }) => [kind, when.slice(0, 10)]),
    [
      ["contact", "2026-03-01"],
      ["document", "2026-02-15"],
      ["log", "2026-02-01"],
      ["log", ""],
    ],
  );
  assert.deepEqual(
    headed(entries).map(({ title, entries: all }) => [title, all.length]),
    [
      ["March 2026", 1],
      ["February 2026", 2],
      ["Without a date", 1],
    ],
  );
});

test("what is planned stands before all months, the next one first", () => {
  const call = (id, sent, status) => ({ resourceType: "Communication", id, sent, status });
  const entries = line({
    communications: [
      call("a", "2026-06-30T10:00:00Z", "completed"),
      call("b", "2026-08-01T10:00:00Z", "preparation"),
      call("c", "2026-07-02T10:00:00Z", "preparation"),
      call("d", "2026-07-03T10:00:00Z", "not-done"),
    ],
  });
  assert.deepEqual(
    headed(entries).map(({ title, entries: all }) => [
      title,
      all.map(({ resource }) => resource.id),
    ]),
    [
      ["Planned", ["c", "b"]],
      ["July 2026", ["d"]],
      ["June 2026", ["a"]],
    ],
  );
});

test("an interaction says its topic, words, medium and length", () => {
  const [entry] = line({
    communications: [
      {
        resourceType: "Communication",
        id: "a",
        status: "preparation",
        topic: { text: "Labs" },
        category: [{ coding: [{ code: "Follow-up" }] }],
        medium: [
          { coding: [{ code: "VIDEOCONF", display: "videoconferencing" }, { code: "video" }] },
        ],
        payload: [
          { contentString: "Went through it." },
          { contentReference: { reference: "DocumentReference/d" } },
        ],
        extension: [
          { url: `${GUIDE}description`, valueString: "All is well." },
          { url: `${GUIDE}duration`, valueDuration: { value: 3, unit: "min" } },
        ],
        sender: { reference: "Practitioner/U1" },
        recipient: [{ reference: "Patient/M1" }, {}],
      },
    ],
  });
  assert.equal(entry.title, "Labs");
  assert.equal(entry.text, "Went through it.\nAll is well.");
  assert.equal(entry.status.text, "Planned");
  assert.deepEqual(entry.facts, ["Follow-up", "Video", "3\u00a0min"]);
  assert.deepEqual(
    entry.people.map(({ word, who }) => [word, who.length]),
    [
      ["by", 1],
      ["with", 1],
    ],
  );
});

test("an interaction of which nothing is known is still there", () => {
  const [entry] = line({ communications: [{ resourceType: "Communication", id: "a" }] });
  assert.deepEqual(
    [entry.title, entry.text, entry.facts, entry.people],
    ["Interaction", "", [], []],
  );
});

test("a log entry says what changed from what to what", () => {
  const text = (type, values) => line({ logs: [logged(type, values)] })[0].text;
  assert.equal(
    text("status_change", { "previous-value": "open", "new-value": "inprogress" }),
    "Open → In progress",
  );
  assert.equal(text("status_change", { "new-value": "active" }), "Active");
  assert.equal(text("owner_change", { "previous-value": "Ola" }), "was Ola");
  assert.equal(text("note_added", { "new-value": "Waits for the bill" }), "Waits for the bill");
  assert.equal(text("activity", {}), "");
});

test("a log entry is called by its description, else by what it is", () => {
  const named = line({ logs: [logged("note_added", { description: "Note added" })] })[0];
  assert.deepEqual([named.title, named.facts], ["Note added", []]);
  const bare = line({ logs: [logged("status_change", {})] })[0];
  assert.equal(bare.title, "Status change");
});

test("a document says why it cannot be opened", () => {
  const [there, nowhere] = line({
    documents: [
      {
        resourceType: "DocumentReference",
        id: "d",
        content: [{ attachment: { url: "gs://b/x" } }],
      },
      { resourceType: "DocumentReference", id: "e" },
    ],
  });
  assert.match(there.file, /platform's storage.*: gs:\/\/b\/x$/);
  assert.match(nowhere.file, /not stored/);
});

test("a document is called by its title, its description or its file", () => {
  const title = (attachment, description) =>
    line({
      documents: [
        { resourceType: "DocumentReference", id: "d", description, content: [{ attachment }] },
      ],
    })[0].title;
  assert.equal(title({ title: "Plan", url: "gs://b/x.pdf" }, "The plan"), "Plan");
  assert.equal(title({ url: "gs://b/x.pdf" }, "The plan"), "The plan");
  assert.equal(title({ url: "gs://b/x.pdf" }), "x.pdf");
  assert.equal(
    line({ documents: [{ resourceType: "DocumentReference", id: "d" }] })[0].title,
    "Document",
  );
});
