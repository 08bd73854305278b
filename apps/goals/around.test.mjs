import assert from "node:assert/strict";
import { test } from "node:test";

import { changes } from "./changes.js";
import { contacts, contactView } from "./contacts.js";

const NOW = Date.parse("2026-11-21T15:00:00Z");

const call = (given = {}) => ({
  resourceType: "Communication",
  id: "c",
  status: "completed",
  sent: "2026-04-03T13:00:00Z",
  topic: { text: "Welcome" },
  sender: { reference: "Practitioner/U1", display: "Ada" },
  recipient: [{ reference: "Patient/M1" }],
  ...given,
});

const task = (lastUpdated, given = {}) => ({
  resourceType: "Task",
  id: "t",
  status: "ready",
  description: "Mail",
  meta: { lastUpdated },
  ...given,
});

const ids = (views) => views.map((each) => each.id);

test("contacts come newest first, those without a date last, mistakes not at all", () => {
  const list = [
    call({ id: "1" }),
    call({ id: "2", sent: undefined }),
    call({ id: "3", sent: "2026-05-01" }),
    call({ id: "4", status: "entered-in-error" }),
  ];
  const { planned, last } = contacts(list, "M1", NOW);
  assert.deepEqual([ids(planned), ids(last)], [[], ["3", "1", "2"]]);
});

test("what is still to come stands apart, the next one first; what was called off does not", () => {
  const list = [
    call({ id: "1" }),
    call({ id: "2", status: "preparation", sent: "2026-12-24T10:00:00Z" }),
    call({ id: "3", status: "on-hold", sent: "2026-12-01T10:00:00Z" }),
    call({ id: "4", status: "not-done", sent: "2026-12-02T10:00:00Z" }),
    call({ id: "5", status: "preparation", sent: undefined }),
    call({ id: "6", status: "unknown" }),
  ];
  const { planned, last } = contacts(list, "M1", NOW);
  assert.deepEqual(
    [ids(planned), ids(last)],
    [
      ["3", "2", "5"],
      ["4", "1", "6"],
    ],
  );
});

test("a contact says how, with whom, and what was said", () => {
  const view = contactView(
    call({
      medium: [
        {
          coding: [
            { code: "VIDEOCONF" },
            { system: "https://x/interaction-medium", code: "video" },
          ],
        },
      ],
      payload: [{ contentString: " Hello " }, { contentReference: { display: "Plan" } }, {}],
    }),
    "M1",
  );
  assert.equal(view.how, "Video call");
  assert.equal(view.other.display, "Ada");
  assert.deepEqual([view.said, view.papers], [["Hello"], ["Plan"]]);
  assert.equal(view.state, null);
});

test("what the member sent is her own", () => {
  const view = contactView(
    call({ sender: { reference: "Patient/M1" }, recipient: [{ reference: "Practitioner/U9" }] }),
    "M1",
  );
  assert.deepEqual([view.own, view.other.reference], [true, "Practitioner/U9"]);
});

test("a call that did not take place says so, and why", () => {
  const view = contactView(call({ status: "not-done", statusReason: { text: "No answer" } }), "M1");
  assert.deepEqual([view.state.words, view.reason], ["did not take place", "No answer"]);
});

test("a contact with next to nothing stored is still shown", () => {
  const view = contactView({ resourceType: "Communication", id: "c", sent: "yesterday" }, "M1");
  assert.deepEqual(
    [view.how, view.title, view.when, view.said],
    ["Contact", "Contact", undefined, []],
  );
});

test("lately is the thirty days up to the newest change", () => {
  const found = changes(
    [
      task("2026-06-30T10:00:00Z"),
      task("2026-06-01T10:00:00Z"),
      task("2026-05-31T10:00:01Z"),
      task("2026-05-31T09:59:59Z"),
    ],
    NOW,
  );
  assert.equal(found.lately.length, 3);
  assert.equal(found.before.length, 0);
  assert.equal(new Date(found.from).toISOString(), "2026-05-31T10:00:00.000Z");
});

test("where little changed lately, what was before is shown too", () => {
  const found = changes(
    [
      task("2026-06-30T10:00:00Z"),
      task("2026-01-01T10:00:00Z"),
      task("2025-01-01T10:00:00Z"),
      task("2024-01-01T10:00:00Z"),
    ],
    NOW,
  );
  assert.deepEqual([found.lately.length, found.before.length], [1, 2]);
});

test("a moment in the future, or none, is no change; nor is a mistake", () => {
  const found = changes(
    [
      task("9999-12-31T23:59:59Z"),
      task(undefined),
      { ...task("2026-06-30T10:00:00Z"), status: "entered-in-error" },
    ],
    NOW,
  );
  assert.deepEqual(found.lately, []);
});

test("what is more than eight is counted", () => {
  const found = changes(
    Array.from({ length: 11 }, () => task("2026-06-30T10:00:00Z")),
    NOW,
  );
  assert.deepEqual([found.lately.length, found.more], [8, 3]);
});

test("a change says what it is, and what is new", () => {
  const goal = {
    resourceType: "Goal",
    id: "g",
    lifecycleStatus: "completed",
    description: { text: "Walk" },
    meta: { lastUpdated: "2026-06-30T10:00:00Z" },
  };
  const fresh = task("2026-06-30T10:00:00Z", { authoredOn: "2026-06-30T09:59:50Z" });
  const [a, b] = changes([goal, fresh], NOW).lately;
  assert.deepEqual([a.what, a.title, a.state], ["Goal", "Walk", "completed"]);
  assert.deepEqual([b.what, b.state], ["New task", ""]);
});

test("the day of the status counts where it is later than what the record says", () => {
  const goal = {
    resourceType: "Goal",
    id: "g",
    statusDate: "2026-06-30",
    meta: { lastUpdated: "2026-06-01T10:00:00Z" },
  };
  assert.equal(changes([goal], NOW).lately[0].when, "2026-06-30");
});
