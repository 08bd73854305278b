import assert from "node:assert/strict";
import { test } from "node:test";

import * as fhir from "./fhir.js";

/** A session that answers from a table of URL → Bundle. */
const session = (pages) => ({
  asked: [],
  async get(url) {
    this.asked.push(url);
    return pages[url];
  },
});

const entry = (id, mode = "match", resourceType = "Task") => ({
  resource: { resourceType, id },
  search: { mode },
});
const next = (url) => [
  { relation: "self", url: "x" },
  { relation: "next", url },
];

test("a search is followed to its last page, and what is no match is kept apart", async () => {
  const server = session({
    "Task?a": { entry: [entry("1"), entry("w", "outcome", "OperationOutcome")], link: next("p2") },
    p2: { entry: [entry("2"), entry("c", "include", "EpisodeOfCare")], link: next("p3") },
    p3: {},
  });
  const found = await fhir.searchAll(server, "Task?a");
  assert.deepEqual(
    found.resources.map((each) => each.id),
    ["1", "2"],
  );
  assert.deepEqual(
    found.included.map((each) => each.id),
    ["c"],
  );
  assert.equal(found.warnings.length, 1);
  assert.equal(found.complete, true);
  assert.deepEqual(server.asked, ["Task?a", "p2", "p3"]);
});

test("a search without an end stops, and says so", async () => {
  const server = session({ p: { entry: [entry("1")], link: next("p") } });
  const found = await fhir.searchAll(server, "p", { most: 3 });
  assert.equal(found.complete, false);
  assert.equal(server.asked.length, 3);
});

test("one page tells where the others are", async () => {
  const server = session({
    p: {
      total: 0,
      link: [
        { relation: "previous", url: "b" },
        { relation: "next", url: "n" },
      ],
    },
  });
  const page = await fhir.searchPage(server, "p");
  assert.deepEqual([page.total, page.next, page.previous, page.resources], [0, "n", "b", []]);
});

test("a query is encoded, and leaves out what is not given", () => {
  assert.equal(
    fhir.query("Task", {
      patient: "M 1&",
      status: ["ready", "draft"],
      owner: "",
      due: null,
      code: [],
    }),
    "Task?patient=M+1%26&status=ready%2Cdraft",
  );
});

test("a reference is known by type and id, whatever stands around", () => {
  const key = (reference) => fhir.refKey({ reference });
  assert.equal(key("Practitioner/U1"), "Practitioner/U1");
  assert.equal(key("https://x.org/fhir/Practitioner/U1/_history/3"), "Practitioner/U1");
  assert.equal(key("#contained"), null);
  assert.equal(key("urn:uuid:0"), null);
  assert.equal(fhir.refKey(undefined), null);
});

test("a person is called by the name beside the reference, else a known one, else the id", () => {
  const names = fhir.knownNames([
    {
      owner: { reference: "Practitioner/U1", display: "Ada" },
      x: [{ y: { reference: "Practitioner/U2" } }],
    },
  ]);
  assert.equal(fhir.refText({ reference: "Practitioner/U1" }, names), "Ada");
  assert.equal(fhir.refText({ reference: "Practitioner/U1", display: "A. L." }, names), "A. L.");
  assert.equal(fhir.refText({ reference: "Practitioner/U2" }, names), "U2");
  assert.equal(fhir.refText({ identifier: { value: "77" } }, names), "77");
  assert.equal(fhir.refText(undefined, names), "");
});

test("a name is taken from text, parts, or the id", () => {
  assert.equal(fhir.nameOf({ name: [{ text: "A B" }] }), "A B");
  assert.equal(
    fhir.nameOf({
      name: [
        { use: "old", family: "X" },
        { use: "official", given: ["A", "C"], family: "B" },
      ],
    }),
    "A C B",
  );
  assert.equal(fhir.nameOf({ name: "Bramble" }), "Bramble");
  assert.equal(fhir.nameOf({ id: "M1", name: [{}] }), "M1");
  assert.equal(fhir.nameOf({ id: "M1" }), "M1");
});

test("extensions are found by the end of their URL, with each type of value", () => {
  const resource = {
    extension: [
      { url: "https://x/message", valueString: "a" },
      { url: "https://x/flag", valueBoolean: false },
      { url: "https://x/message", valueString: "b" },
      { url: "https://x/parts", extension: [] },
      null,
    ],
  };
  assert.equal(fhir.extensionValue(resource, "message"), "a");
  assert.deepEqual(fhir.extensionValues(resource, "message"), ["a", "b"]);
  assert.equal(fhir.extensionValue(resource, "flag"), false);
  assert.equal(fhir.extensionValue(resource, "parts"), undefined);
  assert.equal(fhir.extensionValue({}, "message"), undefined);
});

test("a concept is worded by text, display, code", () => {
  assert.equal(fhir.conceptText({ text: "t", coding: [{ display: "d" }] }), "t");
  assert.equal(fhir.conceptText({ coding: [{ code: "a" }, { display: "d" }] }), "d");
  assert.equal(fhir.conceptText({ coding: [{ code: "care-coordination" }] }), "Care coordination");
  assert.equal(fhir.conceptText({ coding: [{}] }), "");
  assert.equal(fhir.conceptText(undefined), "");
});

test("a day is a day in every time zone, and as precise as it is stored", () => {
  assert.equal(fhir.day("2026-09-19"), "Sep 19, 2026");
  assert.equal(fhir.day("2026-09"), "Sep 2026");
  assert.equal(fhir.day("2026"), "2026");
  assert.equal(fhir.day("soon"), "soon");
  assert.equal(fhir.day(undefined), "");
  assert.equal(fhir.dayAndTime("2026-09-19"), "Sep 19, 2026");
  assert.match(fhir.dayAndTime("2026-07-12T12:30:00Z"), /^Jul 1[123], 2026, \d+:30.[AP]M$/);
  assert.equal(
    fhir.period({ start: "2026-04-01", end: "2026-04-02" }),
    "Apr 1, 2026 – Apr 2, 2026",
  );
  assert.equal(fhir.period({ end: "2026-04-02" }), "until Apr 2, 2026");
  assert.equal(fhir.period(undefined), "");
});

test("sorting by date puts what has none last, both ways", () => {
  const dates = ["2026-01-02", undefined, "2026-01-03", "??", "2026-01-01"].map((at, index) => ({
    at,
    index,
  }));
  const by = (compare) => [...dates].sort(compare((each) => each.at)).map((each) => each.index);
  assert.deepEqual(by(fhir.newestFirst), [2, 0, 4, 1, 3]);
  assert.deepEqual(by(fhir.soonestFirst), [4, 0, 2, 1, 3]);
});

test("quantities are worded", () => {
  assert.equal(
    fhir.quantity({ value: 1250.5, unit: "mg", comparator: "<=" }),
    "at most 1,250.5\u00a0mg",
  );
  assert.equal(fhir.quantity({ value: 0 }), "0");
  assert.equal(fhir.quantity({ value: 3, code: "1" }), "3");
  assert.equal(fhir.quantity({}), "");
  assert.equal(
    fhir.range({ low: { value: 80, unit: "mg" }, high: { value: 130, unit: "mg" } }),
    "80 to 130\u00a0mg",
  );
  assert.equal(
    fhir.range({ low: { value: 80, unit: "mg" }, high: { value: 1, unit: "g" } }),
    "80\u00a0mg to 1\u00a0g",
  );
  assert.equal(fhir.range({ high: { value: 7 } }), "at most 7");
  assert.equal(fhir.range({}), "");
  assert.equal(
    fhir.ratio({ numerator: { value: 150, unit: "mg" }, denominator: { value: 1, unit: "day" } }),
    "150\u00a0mg per day",
  );
  assert.equal(fhir.ratio({ numerator: { value: 4 }, denominator: { value: 1 } }), "4 to 1");
  assert.equal(fhir.money({ value: 1250.5, currency: "USD" }), "$1,250.50");
  assert.equal(fhir.money({ value: 3 }), "3");
  assert.equal(fhir.money(undefined), "");
});
