// JavaScript's fhir-kit-client: https://vermonster.github.io/fhir-kit-client/

import assert from "node:assert/strict";
import { test } from "node:test";

import * as given from "./given.js";

const { idsOf, newMember } = given;

// Version 2 exports names, version 1 its Client with the tool in it.
const version1 = process.env.CLIENTS_KIT_VERSION === "1";
const kit = await import(version1 ? "fhir-kit-client-1" : "fhir-kit-client");
const Client = kit.Client ?? kit.default;
const CapabilityTool = kit.CapabilityTool ?? Client.CapabilityTool;

const reader = new Client({ baseUrl: given.readUrl });
const writer = new Client({ baseUrl: given.writeUrl });

async function refused(status, promise) {
  let issue;
  await assert.rejects(promise, ({ response }) => {
    assert.equal(response.status, status, JSON.stringify(response.data));
    assert.equal(response.data.resourceType, "OperationOutcome");
    assert.equal(response.data.issue.length, 1);
    [issue] = response.data.issue;
    return true;
  });
  return issue;
}

const resourcesOf = (bundle) => (bundle.entry ?? []).map((each) => each.resource);
const header = (answer, name) => Client.httpFor(answer).response.headers.get(name);

test("capability statement", async () => {
  const statement = await reader.capabilityStatement();
  assert.equal(statement.fhirVersion, "4.0.1");
  const tool = new CapabilityTool(statement);
  assert.ok(tool.serverCan("transaction"));
  assert.ok(tool.serverCan("history-system"));
  assert.ok(tool.resourceCan("Task", "create"));
  assert.ok(!tool.resourceCan("Provenance", "create"));
  assert.ok(!tool.resourceCan("Encounter", "read"));
  assert.ok(tool.resourceSearch("Task", "focus"));
  assert.ok(tool.serverSearch("_id"));
  assert.ok(tool.interactionsFor({ resourceType: "Goal" }).includes("history-instance"));
  assert.ok(tool.searchParamsFor({ resourceType: "Goal" }).includes("lifecycle-status"));
  assert.ok(tool.supportFor({
    resourceType: "Task",
    capabilityType: "conditionalCreate",
  }));
  assert.ok(tool.supportFor({
    resourceType: "EpisodeOfCare",
    capabilityType: "operation",
    where: { name: "case" },
  }));
});

// The signals that version 1 brings are none that the fetch of Node 20 takes.
const skip = version1 && Number(process.versions.node.split(".")[0]) >= 20;

test("no authorization is claimed", { skip }, async () => {
  assert.deepEqual(await reader.smartAuthMetadata(), {});
});

test("read and vread", async () => {
  const found = await reader.read({ resourceType: "Task", id: given.ids.Task[0] });
  assert.equal(found.id, given.ids.Task[0]);
  const version = found.meta.versionId;
  assert.equal(header(found, "etag"), `W/"${version}"`);
  const again = await reader.vread({ resourceType: "Task", id: found.id, version });
  assert.deepEqual(again, found);
});

for (const resourceType of Object.keys(given.ids)) {
  test(`all pages of ${resourceType}, there and back`, async () => {
    const pages = [await reader.search({ resourceType, searchParams: { _count: 7 } })];
    for (let page = pages[0]; (page = await reader.nextPage({ bundle: page })); ) pages.push(page);
    assert.deepEqual(idsOf(pages.flatMap(resourcesOf)), given.ids[resourceType]);
    assert.equal(pages.length, Math.ceil(given.ids[resourceType].length / 7));
    if (resourceType === "DocumentReference") return; // no previous links for parts of documents
    for (let at = pages.length - 1; at > 0; at -= 1) {
      const before = await reader.prevPage({ bundle: pages[at] });
      assert.deepEqual(resourcesOf(before), resourcesOf(pages[at - 1]));
    }
    assert.equal(reader.prevPage({ bundle: pages[0] }), undefined);
  });
}

test("search by POST", async () => {
  const searchParams = { focus: `EpisodeOfCare/${given.caseId}`, _sort: "_id" };
  const found = await reader.search({
    resourceType: "Task",
    searchParams,
    options: { postSearch: true },
  });
  assert.deepEqual(resourcesOf(found).map((each) => each.id), given.linked.Task);
});

test("search of several types", async () => {
  const options = { postSearch: true };
  const searchParams = { _type: "Flag,Goal", _count: 1000 };
  const found = await reader.systemSearch({ searchParams, options });
  assert.equal(found.entry.length, given.ids.Flag.length + given.ids.Goal.length);
});

test("search of several types by GET", async () => {
  const search = reader.systemSearch({ searchParams: { _type: "Flag", _count: 1000 } });
  if (version1) { // it asks at [base]/_search, which R4 has for POST alone
    assert.match((await refused(405, search)).diagnostics, /it takes POST/);
  } else {
    assert.deepEqual(idsOf(resourcesOf(await search)), given.ids.Flag);
  }
});

test("search in a compartment", async () => {
  const [resourceType, id] = given.patient.split("/");
  const found = await reader.search({ resourceType: "Goal", compartment: { resourceType, id } });
  const expected = await reader.search({ resourceType: "Goal", searchParams: { patient: id } });
  assert.ok(expected.entry.length > 0);
  assert.deepEqual(resourcesOf(found), resourcesOf(expected));
});

test("several values and several parameters", async () => {
  const search = async (status) =>
    resourcesOf(
      await reader.search({ resourceType: "Task", searchParams: { status, _count: 1000 } }),
    );
  const every = await search(["accepted,in-progress"]);
  const each = [...(await search("accepted")), ...(await search("in-progress"))];
  assert.ok(each.length > 0);
  assert.deepEqual(idsOf(every), idsOf(each));
  assert.deepEqual(await search(["accepted", "in-progress"]), []);
});

test("includes", async () => {
  const found = await reader.search({
    resourceType: "EpisodeOfCare",
    searchParams: { _id: given.caseId, _revinclude: ["Task:focus", "Goal:case"] },
  });
  const of = (mode, type) =>
    idsOf(
      found.entry
        .filter((each) => each.search.mode === mode && each.resource.resourceType === type)
        .map((each) => each.resource),
    );
  assert.deepEqual(of("match", "EpisodeOfCare"), [given.caseId]);
  assert.deepEqual(of("include", "Task"), given.linked.Task);
  assert.deepEqual(of("include", "Goal"), given.linked.Goal);
});

test("references", async () => {
  const reference = `EpisodeOfCare/${given.caseId}`;
  const read = await reader.resolve({ reference });
  assert.equal(read.id, given.caseId);
  const absolute = await reader.resolve({ reference: `${given.readUrl}/${reference}` });
  assert.deepEqual(absolute, read);
  const context = await reader.search({
    resourceType: "Task",
    searchParams: { _id: given.linked.Task[0], _include: "Task:focus" },
  });
  assert.deepEqual(await reader.resolve({ reference, context }), read);
});

test("operations", async () => {
  const of = { resourceType: "EpisodeOfCare", id: given.caseId };
  const found = await reader.operation({ name: "case", method: "get", ...of });
  const tasks = resourcesOf(found).filter((each) => each.resourceType === "Task");
  assert.deepEqual(idsOf(tasks), given.linked.Task);
  const docref = { name: "$docref", resourceType: "DocumentReference" };
  const input = { patient: given.patient };
  const byGet = await reader.operation({ ...docref, method: "get", input });
  const parameter = [{ name: "patient", valueId: given.patient.split("/")[1] }];
  const parameters = { resourceType: "Parameters", parameter };
  const byPost = await reader.operation({ ...docref, input: parameters });
  assert.equal(byGet.type, "searchset");
  assert.deepEqual(resourcesOf(byPost), resourcesOf(byGet));
});

test("everything of a patient", async () => {
  const [resourceType, id] = given.patient.split("/");
  const everything = { name: "everything", method: "get", resourceType, id };
  let page = await reader.operation({ ...everything, input: { _count: 10 } });
  const found = resourcesOf(page);
  while ((page = await reader.nextPage({ bundle: page }))) found.push(...resourcesOf(page));
  for (const type of ["Task", "Goal", "EpisodeOfCare"]) {
    const searchParams = { patient: id, _count: 1000 };
    const expected = await reader.search({ resourceType: type, searchParams });
    assert.ok(expected.entry.length > 0);
    const ofType = found.filter((each) => each.resourceType === type);
    assert.deepEqual(idsOf(ofType), idsOf(resourcesOf(expected)));
  }
});

test("terminology", async () => {
  const searchParams = { url: "https://fhir.wellnecity.com/CodeSystem/task-category" };
  const found = await reader.search({ resourceType: "CodeSystem", searchParams });
  const [{ url, concept }] = resourcesOf(found);
  const input = { system: url, code: concept[0].code };
  const lookup = { name: "lookup", resourceType: "CodeSystem", method: "get", input };
  const answer = await reader.operation(lookup);
  const display = answer.parameter.find((each) => each.name === "display");
  assert.equal(display.valueString, concept[0].display);
});

test("$validate", async () => {
  const validate = (input) =>
    writer.operation({ name: "validate", resourceType: "Task", input });
  const good = await validate(given.task(newMember()));
  assert.equal(good.resourceType, "OperationOutcome");
  assert.ok(good.issue.every((each) => !["error", "fatal"].includes(each.severity)));
  const bad = await validate(given.task(newMember(), { status: "nonsense" }));
  const errors = bad.issue.filter((each) => each.severity === "error");
  assert.deepEqual(errors.flatMap((each) => each.expression), ["Task.status"]);
});

test("create, update, patch, delete", async () => {
  const resourceType = "Task";
  const created = await writer.create({ resourceType, body: given.task(newMember()) });
  assert.equal(Client.httpFor(created).response.status, 201);
  const { id } = created;
  assert.equal(
    header(created, "location"),
    `${given.writeUrl}/Task/${id}/_history/${created.meta.versionId}`,
  );
  const body = { ...created, description: "Call again" };
  const updated = await writer.update({ resourceType, id, body });
  assert.equal(updated.description, "Call again");
  const jsonPatch = [{ op: "add", path: "/priority", value: "urgent" }];
  const JSONPatch = jsonPatch; // as version 1 calls it
  const patched = await writer.patch({ resourceType, id, jsonPatch, JSONPatch });
  assert.equal(patched.priority, "urgent");
  assert.deepEqual(await writer.read({ resourceType, id }), patched);
  const merged = await writer.request(`Task/${id}`, {
    method: "PATCH",
    options: { headers: { "content-type": "application/merge-patch+json" } },
    body: { priority: null, description: "Call soon" },
  });
  assert.deepEqual([merged.priority, merged.description], [undefined, "Call soon"]);
  const gone = await writer.delete({ resourceType, id });
  assert.equal(Client.httpFor(gone).response.status, 204);
  assert.equal((await refused(410, writer.read({ resourceType, id }))).code, "deleted");
});

test("conditional create and update", async () => {
  const member = newMember();
  const resourceType = "Goal";
  const once = { headers: { "If-None-Exist": `patient=${member}` } };
  const body = given.goal(member);
  const first = await writer.create({ resourceType, body, options: once });
  const second = await writer.create({ resourceType, body, options: once });
  assert.equal(Client.httpFor(second).response.status, 200);
  assert.equal(second.id, first.id);
  const updated = await writer.update({
    resourceType,
    searchParams: { patient: member },
    body: given.goal(member, { startDate: "2026-02-01" }),
  });
  assert.deepEqual([updated.id, updated.startDate], [first.id, "2026-02-01"]);
});

test("a whole case", async () => {
  const resourceType = "Case";
  const body = await writer.read({ resourceType, id: given.caseId });
  const created = await writer.create({ resourceType, body });
  assert.notEqual(created.id, body.id);
  const typesOf = (bundle) => resourcesOf(bundle).map((each) => each.resourceType)
    .filter((type) => type !== "Provenance").sort(); // the log is the platform's own
  assert.deepEqual(typesOf(created), typesOf(body));
  await writer.delete({ resourceType, id: created.id });
  await refused(410, writer.read({ resourceType, id: created.id }));
});

test("history", async () => {
  const resourceType = "Goal";
  const created = await writer.create({ resourceType, body: given.goal(newMember()) });
  const { id } = created;
  const body = { ...created, description: { text: "Walk far" } };
  const updated = await writer.update({ resourceType, id, body });
  const ofOne = await writer.history({ resourceType, id });
  assert.equal(ofOne.type, "history");
  assert.deepEqual(resourcesOf(ofOne), [updated, created]);
  for (const wider of [await writer.history({ resourceType }), await writer.history()]) {
    const versions = resourcesOf(wider).filter((each) => each?.id === id);
    assert.deepEqual(versions, [updated, created]);
  }
});

for (const type of ["batch", "transaction"]) {
  test(type, async () => {
    const member = newMember();
    const body = given.bundle(
      type,
      ["POST", "Flag", given.flag(member, "a")],
      ["GET", `Goal?patient=${member}`],
    );
    const answer = await writer[type]({ body });
    assert.equal(answer.type, `${type}-response`);
    const statuses = answer.entry.map((each) => each.response.status.slice(0, 3));
    assert.deepEqual(statuses, ["201", "200"]);
    const searchParams = { patient: member };
    const found = await writer.search({ resourceType: "Flag", searchParams });
    assert.deepEqual(resourcesOf(found).map((each) => each.code.text), ["a"]);
  });
}

test("a transaction that fails leaves nothing", async () => {
  const member = newMember();
  const body = given.bundle(
    "transaction",
    ["POST", "Task", given.task(member)],
    ["POST", "Task", given.task(member, { status: "nonsense" })],
  );
  const issue = await refused(422, writer.transaction({ body }));
  assert.match(issue.expression[0], /^Bundle\.entry\[1\]/);
  const found = await writer.search({ resourceType: "Task", searchParams: { patient: member } });
  assert.deepEqual(resourcesOf(found), []);
});

test("what is not there", async () => {
  assert.deepEqual(await refused(404, reader.read({ resourceType: "Task", id: "none" })), {
    severity: "error",
    code: "not-found",
    diagnostics: "There is no Task with this id.",
  });
  const elsewhere = await refused(404, reader.read({ resourceType: "Encounter", id: "1" }));
  assert.equal(elsewhere.code, "not-supported");
});

test("an unknown parameter", async () => {
  const search = { resourceType: "Task", searchParams: { stauts: "ready" } };
  const issue = await refused(400, reader.search(search));
  assert.equal(issue.code, "not-supported");
  assert.match(issue.diagnostics, /Did you mean 'status'\?/);
  const options = { headers: { Prefer: "handling=lenient" } };
  const found = await reader.search({ ...search, options });
  assert.equal(found.entry.filter((each) => each.search.mode === "outcome").length, 1);
});

test("a stale version", async () => {
  const resourceType = "Task";
  const created = await writer.create({ resourceType, body: given.task(newMember()) });
  const { id } = created;
  const options = { headers: { "If-Match": `W/"${created.meta.versionId}"` } };
  await writer.update({ resourceType, id, body: { ...created, description: "First" }, options });
  const body = { ...created, description: "Second" };
  const stale = await refused(412, writer.update({ resourceType, id, body, options }));
  assert.equal(stale.code, "conflict");
  assert.equal((await writer.read({ resourceType, id })).description, "First");
});

test("refused bodies", async () => {
  const member = newMember();
  const create = (body) => writer.create({ resourceType: body.resourceType, body });
  const wrong = await refused(422, create(given.task(member, { status: "nonsense" })));
  assert.deepEqual([wrong.code, wrong.expression], ["code-invalid", ["Task.status"]]);
  const unknown = await refused(400, create(given.task(member, { stauts: "ready" })));
  assert.deepEqual([unknown.code, unknown.expression], ["structure", ["Task.stauts"]]);
  await create(given.flag(member, "fall-risk"));
  const twice = await refused(409, create(given.flag(member, "fall-risk")));
  assert.equal(twice.code, "duplicate");
});
