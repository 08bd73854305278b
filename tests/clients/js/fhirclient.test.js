// JavaScript's fhirclient (SMART on FHIR): https://docs.smarthealthit.org/client-js/

import assert from "node:assert/strict";
import { test } from "node:test";

import FHIR from "fhirclient";

import * as given from "./given.js";

const { idsOf, newMember, subject } = given;

const client = (serverUrl, more = {}) => FHIR({}, {}, {}).client({ serverUrl, ...more });
const reader = client(given.readUrl);
const writer = client(given.writeUrl);

/** The issue of the OperationOutcome that an error's message ends with. */
function issueOf(error) {
  const outcome = JSON.parse(error.message.slice(error.message.indexOf("\n\n")));
  assert.equal(outcome.resourceType, "OperationOutcome");
  assert.equal(outcome.issue.length, 1);
  return outcome.issue[0];
}

async function refused(status, promise) {
  let issue;
  await assert.rejects(promise, (error) => {
    assert.equal(error.name, "HttpError");
    assert.equal(error.status, status, error.message);
    issue = issueOf(error);
    return true;
  });
  return issue;
}

test("metadata", async () => {
  const statement = await reader.request("metadata");
  assert.equal(statement.fhirVersion, "4.0.1");
  assert.equal(await reader.getFhirVersion(), "4.0.1");
  assert.equal(await reader.getFhirRelease(), 4);
});

test("a server without authorization", async () => {
  assert.equal(reader.getAuthorizationHeader(), null);
  assert.equal(reader.patient.id, null);
});

test("read", async () => {
  const found = await reader.request(`Task/${given.ids.Task[0]}`);
  assert.equal(found.id, given.ids.Task[0]);
  const { body, response } = await reader.request({
    url: `Task/${found.id}`,
    includeResponse: true,
  });
  assert.deepEqual(body, found);
  assert.equal(response.headers.get("etag"), `W/"${found.meta.versionId}"`);
});

for (const type of Object.keys(given.ids)) {
  test(`all pages of ${type}, flat`, async () => {
    const found = await reader.request(`${type}?_count=7`, { pageLimit: 0, flat: true });
    assert.deepEqual(idsOf(found), given.ids[type]);
  });
}

test("pages", async () => {
  const expected = Math.ceil(given.ids.Task.length / 10);
  const bundles = await reader.request("Task?_count=10", { pageLimit: 0 });
  assert.equal(bundles.length, expected);
  assert.equal((await reader.request("Task?_count=10", { pageLimit: 2 })).length, 2);
  const seen = [];
  await reader.request("Task?_count=10", {
    pageLimit: 0,
    onPage: (page) => seen.push(page.entry.length),
  });
  assert.equal(seen.length, expected);
  assert.equal(seen.reduce((sum, each) => sum + each), given.ids.Task.length);
});

test("pages and resources, one after the other", async () => {
  const found = [];
  for await (const each of reader.resources("Goal?_count=5")) found.push(each);
  assert.deepEqual(idsOf(found), given.ids.Goal);
  let pages = 0;
  for await (const page of reader.pages("Goal?_count=5")) pages += page.entry.length > 0;
  assert.equal(pages, Math.ceil(given.ids.Goal.length / 5));
});

test("references are resolved in place", async () => {
  const found = await reader.request(`Task/${given.linked.Task[0]}`, {
    resolveReferences: "focus",
  });
  assert.equal(found.focus.resourceType, "EpisodeOfCare");
  assert.equal(found.focus.id, given.caseId);
});

test("references are resolved beside the resources", async () => {
  const url = `Task?focus=EpisodeOfCare/${given.caseId}&_count=1`;
  const { data, references } = await reader.request(url, {
    resolveReferences: ["focus"],
    graph: false,
    pageLimit: 0,
    flat: true,
  });
  assert.deepEqual(idsOf(data), given.linked.Task);
  assert.deepEqual(Object.keys(references), [`EpisodeOfCare/${given.caseId}`]);
  assert.equal(data[0].focus.reference, `EpisodeOfCare/${given.caseId}`);
});

test("references to whom only references tell of are followed", async () => {
  const found = await reader.request(`Task/${given.linked.Task[0]}`, {
    resolveReferences: ["for", "focus"],
  });
  assert.equal(`Patient/${found.for.id}`, given.patient);
  assert.equal(found.for.resourceType, "Patient");
  assert.equal(found.focus.id, given.caseId);
});

test("includes", async () => {
  const query = `_id=${given.caseId}&_revinclude=Task:focus&_revinclude=Goal:case`;
  const found = await reader.request(`EpisodeOfCare?${query}`, { flat: true });
  const of = (type) => idsOf(found.filter((each) => each.resourceType === type));
  assert.deepEqual(of("EpisodeOfCare"), [given.caseId]);
  assert.deepEqual(of("Task"), given.linked.Task);
  assert.deepEqual(of("Goal"), given.linked.Goal);
});

test("the patient of a launch", async () => {
  const id = given.patient.split("/")[1];
  const launched = client(given.readUrl, { tokenResponse: { patient: id } });
  const found = await launched.patient.request("Goal", { pageLimit: 0, flat: true });
  const expected = await reader.request(`Goal?patient=${id}`, { flat: true });
  assert.ok(expected.length > 0);
  assert.deepEqual(idsOf(found), idsOf(expected));
});

test("operations", async () => {
  const found = await reader.request(`EpisodeOfCare/${given.caseId}/$case`, { flat: true });
  const tasks = found.filter((each) => each.resourceType === "Task");
  assert.deepEqual(idsOf(tasks), given.linked.Task);
  const docref = await reader.request(`DocumentReference/$docref?patient=${given.patient}`);
  assert.equal(docref.type, "searchset");
});

test("create, update, patch, delete", async () => {
  const created = await writer.create(given.task(newMember()));
  assert.ok(created.id);
  const updated = await writer.update({ ...created, description: "Call again" });
  assert.equal(updated.description, "Call again");
  const patched = await writer.patch(`Task/${created.id}`, [
    { op: "replace", path: "/status", value: "accepted" },
    { op: "add", path: "/priority", value: "urgent" },
  ]);
  assert.deepEqual([patched.status, patched.priority], ["accepted", "urgent"]);
  assert.deepEqual(await writer.request(`Task/${created.id}`), patched);
  const versions = [created, updated, patched].map((each) => each.meta.versionId);
  assert.equal(new Set(versions).size, 3);
  const { status } = await writer.delete(`Task/${created.id}`);
  assert.equal(status, 204);
  assert.equal((await refused(410, writer.request(`Task/${created.id}`))).code, "deleted");
});

test("a created resource whose body was not wanted is fetched", async () => {
  const body = given.goal(newMember());
  const created = await writer.create(body, { headers: { prefer: "return=minimal" } });
  assert.deepEqual(created.description, body.description);
});

test("merge patch", async () => {
  const created = await writer.create(given.task(newMember(), { priority: "urgent" }));
  for (const type of ["application/merge-patch+json", "application/json"]) {
    const patched = await writer.request({
      url: `Task/${created.id}`,
      method: "PATCH",
      body: JSON.stringify({ description: type, priority: null }),
      headers: { "content-type": type },
    });
    assert.equal(patched.description, type);
    assert.equal(patched.priority, undefined);
  }
});

test("conditional create and update", async () => {
  const member = newMember();
  const once = { headers: { "if-none-exist": `patient=${member}` } };
  const first = await writer.create(given.goal(member), once);
  const second = await writer.create(given.goal(member), once);
  assert.equal(second.id, first.id);
  const updated = await writer.request({
    url: `Goal?patient=${member}`,
    method: "PUT",
    body: JSON.stringify(given.goal(member, { startDate: "2026-02-01" })),
    headers: { "content-type": "application/fhir+json" },
  });
  assert.deepEqual([updated.id, updated.startDate], [first.id, "2026-02-01"]);
});

test("history and vread", async () => {
  const created = await writer.create(given.goal(newMember()));
  await writer.update({ ...created, description: { text: "Walk far" } });
  const history = await writer.request(`Goal/${created.id}/_history`, { flat: true });
  assert.deepEqual(history.map((each) => each.description.text), ["Walk far", "Walk more"]);
  const url = `Goal/${created.id}/_history/${created.meta.versionId}`;
  assert.deepEqual(await writer.request(url), created);
});

for (const type of ["batch", "transaction"]) {
  test(type, async () => {
    const member = newMember();
    const answer = await writer.request({
      url: "",
      method: "POST",
      body: JSON.stringify(
        given.bundle(
          type,
          ["POST", "Flag", given.flag(member, "a")],
          ["GET", `Goal?patient=${member}`],
        ),
      ),
      headers: { "content-type": "application/fhir+json" },
    });
    assert.equal(answer.type, `${type}-response`);
    const statuses = answer.entry.map((each) => each.response.status.slice(0, 3));
    assert.deepEqual(statuses, ["201", "200"]);
    const found = await writer.request(`Flag?patient=${member}`, { flat: true });
    assert.deepEqual(found.map((each) => each.code.text), ["a"]);
  });
}

test("what is not there", async () => {
  assert.deepEqual(await refused(404, reader.request("Task/none")), {
    severity: "error",
    code: "not-found",
    diagnostics: "There is no Task with this id.",
  });
  assert.equal((await refused(404, reader.request("Encounter/1"))).code, "not-supported");
});

test("an unknown parameter", async () => {
  const issue = await refused(400, reader.request("Task?stauts=ready"));
  assert.equal(issue.code, "not-supported");
  assert.match(issue.diagnostics, /Did you mean 'status'\?/);
});

test("a stale version", async () => {
  const created = await writer.create(given.task(newMember()));
  const headers = { "if-match": `W/"${created.meta.versionId}"` };
  await writer.update({ ...created, description: "First" }, { headers });
  const stale = writer.update({ ...created, description: "Second" }, { headers });
  assert.equal((await refused(412, stale)).code, "conflict");
  assert.equal((await writer.request(`Task/${created.id}`)).description, "First");
});

test("refused bodies", async () => {
  const member = newMember();
  const wrong = await refused(422, writer.create(given.task(member, { status: "nonsense" })));
  assert.deepEqual([wrong.code, wrong.expression], ["code-invalid", ["Task.status"]]);
  const created = await writer.create(given.goal(member, { lifecycleStatus: "completed" }));
  const back = writer.update({ ...created, lifecycleStatus: "proposed" });
  assert.equal((await refused(422, back)).code, "business-rule");
  const odd = writer.patch(`Goal/${created.id}`, [{ op: "remove", path: "/nothing" }]);
  assert.equal((await refused(422, odd)).severity, "error");
  assert.deepEqual((await writer.request(`Goal/${created.id}`)).subject, subject(member));
});
