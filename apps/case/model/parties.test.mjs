import assert from "node:assert/strict";
import test from "node:test";
import { parties } from "./parties.js";

const ROLE = (code) => [{ coding: [{ code, display: code }] }];
const ORGANIZATION = (id) => ({ reference: `Organization/${id}` });
const PERSON = (id) => ({ reference: `Practitioner/${id}` });
const about = (values) => [
  {
    url: "https://fhir.wellnecity.com/StructureDefinition/party-case",
    extension: Object.entries(values).map(([url, value]) => ({ url, ...value })),
  },
];

test("people stand with the organization and role they act for", () => {
  const found = parties({
    participant: [
      {
        role: ROLE("tpa"),
        member: ORGANIZATION("T1"),
        extension: about({
          "case-id": { valueString: "TP-1" },
          "is-primary": { valueBoolean: true },
          status: { valueCodeableConcept: { coding: [{ code: "pending_info" }] } },
        }),
      },
      { role: ROLE("vendor"), member: ORGANIZATION("T1") },
      { role: ROLE("tpa"), member: PERSON("U1"), onBehalfOf: ORGANIZATION("T1") },
    ],
  });
  assert.deepEqual(
    found.map(({ role, people, primary }) => [role, people.length, primary]),
    [
      ["TPA", 1, true],
      ["Vendor", 0, false],
    ],
  );
  assert.equal(found[0].caseId, "TP-1");
  assert.deepEqual(found[0].status, { code: "pending_info", text: "Pending info", tone: "warn" });
  assert.equal(found[1].status, null);
});

test("a person of no known party is a party of its own", () => {
  const [alone] = parties({ participant: [{ member: PERSON("U1") }] });
  assert.deepEqual(
    [alone.role, alone.organization, alone.people.length],
    ["Role unknown", undefined, 1],
  );
});

test("no team, no parties", () => {
  assert.deepEqual(parties(undefined), []);
});
