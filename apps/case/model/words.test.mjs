import assert from "node:assert/strict";
import test from "node:test";
import { codeWords, conceptWords, isTagged, refId } from "./fields.js";
import { addNames, isCalled, namedOf, unnamed } from "./names.js";
import { isClosed, statusOf } from "./status.js";
import { targetWords } from "./target.js";
import { hasPassed, monthOf, monthWords } from "./time.js";

test("a concept is said by its words; a bare code is put in words", () => {
  assert.equal(conceptWords({ text: "Own words", coding: [{ code: "x" }] }), "Own words");
  assert.equal(
    conceptWords({ text: "lab_report", coding: [{ code: "lab_report", display: "lab_report" }] }),
    "Lab report",
  );
  assert.equal(conceptWords({ coding: [{ code: "Follow-up" }] }), "Follow-up");
  assert.equal(conceptWords({ coding: [{ code: "a" }, { code: "b", display: "Bee" }] }), "Bee");
  assert.equal(conceptWords({ coding: [{}] }), "");
  assert.equal(conceptWords(undefined), "");
  assert.equal(codeWords("asap"), "ASAP");
});

test("a reference has an id, relative, absolute or by identifier", () => {
  assert.equal(refId({ reference: "Practitioner/U1" }), "U1");
  assert.equal(refId({ reference: "https://h/fhir/Practitioner/U1/_history/3" }), "U1");
  assert.equal(refId({ identifier: { value: "X" } }), "X");
  assert.equal(refId(undefined), "");
});

test("a tag of another system is not this guide's", () => {
  assert.equal(
    isTagged({ meta: { tag: [{ system: "http://other", code: "hidden" }] } }, "hidden"),
    false,
  );
});

test("a status has words and a tone", () => {
  assert.deepEqual(statusOf("not-done"), {
    code: "not-done",
    text: "Did not take place",
    tone: "warn",
  });
  assert.deepEqual(statusOf("entered-in-error").tone, "bad");
  assert.deepEqual(statusOf(undefined), { code: "", text: "No status", tone: "" });
  assert.equal(isClosed("finished"), true);
  assert.equal(isClosed("on-hold"), false);
});

test("a target of every type is said", () => {
  const said = [
    [{ detailQuantity: { value: 7, unit: "%", comparator: "<" } }, "less than 7\u00a0%"],
    [
      { detailRange: { low: { value: 80, unit: "mg" }, high: { value: 130, unit: "mg" } } },
      "80 to 130\u00a0mg",
    ],
    [{ detailRatio: { numerator: { value: 4 }, denominator: { value: 1 } } }, "4 to 1"],
    [{ detailBoolean: false }, "No"],
    [{ detailInteger: 0 }, "0"],
    [{ detailString: "as agreed" }, "as agreed"],
    [{ detailCodeableConcept: { text: "Calm" } }, "Calm"],
    [{ dueDate: "2026-01-01" }, ""],
    [undefined, ""],
  ];
  for (const [target, words] of said) assert.equal(targetWords(target), words);
});

test("a day is over when it is over, a month when it is", () => {
  const now = new Date(2026, 6, 1, 0, 30).getTime();
  assert.equal(hasPassed("2026-06-30", now), true);
  assert.equal(hasPassed("2026-07-01", now), false);
  assert.equal(hasPassed("2026-07", now), false);
  assert.equal(hasPassed("2026-06", now), true);
  assert.equal(hasPassed(new Date(now - 1).toISOString(), now), true);
  assert.equal(hasPassed("", now), false);
  assert.equal(hasPassed("soon", now), false);
});

test("months in words", () => {
  assert.equal(monthOf("2026-06-30"), "2026-06");
  assert.equal(monthOf("never"), "");
  assert.equal(monthWords("2026-06"), "June 2026");
  assert.equal(monthWords("2026"), "2026");
  assert.equal(monthWords(""), "Without a date");
});

test("who has no name is found, and named by what is read", () => {
  const names = new Map([["Organization/O1", "One"]]);
  const resource = {
    a: [{ reference: "Organization/O1" }, { reference: "Organization/O2" }],
    b: { reference: "Practitioner/U2" },
  };
  assert.deepEqual(unnamed([resource], names, "Organization"), ["O2"]);
  addNames(names, [
    { resourceType: "Organization", id: "O2", name: "Ace" },
    { resourceType: "Practitioner", id: "U2", name: [{ text: "Ola" }] },
    { resourceType: "Organization", id: "O3" },
  ]);
  assert.deepEqual(unnamed([resource], names, "Organization"), []);
  assert.deepEqual(namedOf(names, "Organization"), [
    { id: "O2", name: "Ace" },
    { id: "O1", name: "One" },
  ]);
});

test("somebody is called by the beginnings of her words, without case and accents", () => {
  const name = "Zoë Nullström-d'Arc";
  for (const typed of ["zoe", "Nullström, Zoë", "null zo", "arc", "d'arc"])
    assert.equal(isCalled(name, typed), true, typed);
  for (const typed of ["ström", "zoe x", "", ","])
    assert.equal(isCalled(name, typed), false, typed);
});
