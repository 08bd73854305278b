import assert from "node:assert/strict";
import test from "node:test";
import {
  canRead,
  caseSearch,
  cursorOf,
  DEFAULTS,
  isTurned,
  listOf,
  looksLikeId,
  nameSearch,
  numberSearch,
  readAddress,
  searchParameters,
  searchWords,
  withoutNames,
  writeAddress,
} from "./address.js";

test("an address that says nothing asks for the active cases, due first", () => {
  assert.deepEqual(readAddress(""), DEFAULTS);
  assert.equal(
    decodeURIComponent(caseSearch(readAddress(""))),
    "EpisodeOfCare?status=active&_sort=due&_count=20&_total=accurate",
  );
});

test("what is written is read again", () => {
  const state = {
    member: "Ada Ex",
    status: "any",
    owner: "U1",
    from: "2026-01-01",
    to: "2026-06",
    order: "-due",
    cursor: "a_b",
    case: "c1",
    show: "log",
  };
  assert.deepEqual(readAddress(writeAddress(state)), state);
  assert.equal(writeAddress(DEFAULTS), "?");
});

test("what is not understood is left out of an address", () => {
  assert.deepEqual(
    readAddress("?status=gone&order=up&from=soon&to=2026-13x&code=x&state=y"),
    DEFAULTS,
  );
});

test("a search is what was asked for", () => {
  const state = {
    ...DEFAULTS,
    status: "any",
    from: "2026-01-01",
    to: "2026-06-30",
    order: "changed",
    cursor: "xyz",
  };
  assert.equal(
    decodeURIComponent(caseSearch(state, { members: ["M1", "M2"], owners: ["U1"] })),
    "EpisodeOfCare?patient=M1,M2&care-manager=U1&_sort=-_lastUpdated&_count=20&_total=accurate&_cursor=xyz&due=ge2026-01-01&due=le2026-06-30",
  );
});

test("a list is the address without its case", () => {
  assert.equal(writeAddress(listOf(readAddress("?owner=U1&case=c1&show=log"))), "?owner=U1");
});

test("an id has a digit in it and no space", () => {
  for (const id of ["M100001", "U15", "6958-1c.46"]) assert.equal(looksLikeId(id), true, id);
  for (const name of ["Ada", "Ada Example", "Ada 2", "é1"])
    assert.equal(looksLikeId(name), false, name);
});

test("an id or a number is tried as it is typed and in capitals", () => {
  assert.equal(
    decodeURIComponent(numberSearch("cas-1")),
    "EpisodeOfCare?identifier=cas-1,CAS-1&_sort=due&_count=20&_total=accurate",
  );
  assert.match(decodeURIComponent(numberSearch("CAS-1")), /identifier=CAS-1&/);
});

test("names, and no ids, are kept out of an address", () => {
  const state = { ...DEFAULTS, member: "Ada Ex", owner: "U1", status: "any" };
  assert.deepEqual(withoutNames(state), [{ ...state, member: "" }, { member: "Ada Ex" }]);
  assert.deepEqual(withoutNames({ ...DEFAULTS, owner: "U1" }), [
    { ...DEFAULTS, owner: "U1" },
    null,
  ]);
});

test("days are turned where no day is between them", () => {
  for (const [from, to] of [
    ["2026-12-01", "2026-11-30"],
    ["2026-12", "2026-11-30"],
    ["2027", "2026-11"],
  ])
    assert.equal(isTurned({ from, to }), true, from);
  for (const [from, to] of [
    ["2026-11-30", "2026-11"],
    ["2026", "2026-11"],
    ["2026-11-30", "2026-11-30"],
    ["2026-11-30", ""],
    ["", "2026-11-30"],
  ])
    assert.equal(isTurned({ from, to }), false, from);
});

test("the cursor of a page link is found", () => {
  assert.equal(cursorOf("http://h/fhir/EpisodeOfCare?_cursor=a-_b&x=1"), "a-_b");
  assert.equal(cursorOf(null), "");
});

test("names are searched where the server says that it can", () => {
  const metadata = {
    rest: [{ resource: [{ type: "Patient", searchParam: [{ name: "name" }] }, { type: "Goal" }] }],
  };
  assert.deepEqual(searchParameters(metadata, "Patient"), ["name"]);
  assert.deepEqual(searchParameters(metadata, "Goal"), []);
  assert.deepEqual(searchParameters(null, "Patient"), []);
  assert.equal(canRead(metadata, "Patient"), false);
  assert.equal(
    canRead({ rest: [{ resource: [{ type: "Goal", interaction: [{ code: "read" }] }] }] }, "Goal"),
    true,
  );
});

test("a name is searched for word by word, in whatever order and with whatever sign", () => {
  const asked = (typed) => nameSearch("Patient", typed);
  assert.equal(asked("Ada Ex"), "Patient?name=Ada&name=Ex&_count=50");
  assert.equal(asked("Ex, Ada"), "Patient?name=Ex&name=Ada&_count=50");
  assert.equal(decodeURIComponent(asked("a$b|c\\d")), "Patient?name=a\\$b\\|c\\\\d&_count=50");
  assert.equal(asked(", "), null);
});

test("what was searched for is said in words", () => {
  assert.equal(searchWords(DEFAULTS), "Status: Active · Order: Due first");
  assert.equal(
    searchWords({ ...DEFAULTS, member: "Ada", owner: "U1", status: "any", from: "2026-01-01" }),
    "Member: Ada · Care manager: U1 · Status: Any status · Due: 2026-01-01 to … · Order: Due first",
  );
});
