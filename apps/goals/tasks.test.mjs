import assert from "node:assert/strict";
import { test } from "node:test";

import { completion, conflict, differences, reopening, sorted, taskView } from "./tasks.js";

const NOW = new Date(2026, 10, 21, 12).getTime();
const AT = new Date(NOW).toISOString();

const task = (given = {}) => ({
  resourceType: "Task",
  id: "t",
  meta: { versionId: "1", lastUpdated: "2026-11-01T10:00:00Z" },
  status: "ready",
  description: "Mail the kit",
  restriction: { period: { end: "2026-12-01T10:00:00Z" } },
  ...given,
});

test("tasks are what is to do, what is being prepared, and what is over", () => {
  const codes = [
    "requested",
    "received",
    "accepted",
    "ready",
    "in-progress",
    "on-hold",
    "draft",
    "completed",
    "cancelled",
    "rejected",
    "failed",
    "entered-in-error",
  ];
  const { open, coming, closed } = sorted(
    codes.map((status) => task({ status })),
    NOW,
  );
  assert.deepEqual([open.length, coming.length, closed.length], [6, 1, 4]);
  assert.equal(coming[0].ended, null);
});

test("the soonest task is first, one without a due day last; of what is over the newest", () => {
  const ends = ["2026-12-02T00:00:00Z", undefined, "2026-11-02T00:00:00Z"];
  const { open } = sorted(
    ends.map((end, index) => task({ id: String(index), restriction: { period: { end } } })),
    NOW,
  );
  assert.deepEqual(
    open.map((each) => each.id),
    ["2", "0", "1"],
  );
  const { closed } = sorted(
    [
      task({ id: "a", status: "completed", executionPeriod: { end: "2026-01-01" } }),
      task({ id: "b", status: "failed" }),
    ],
    NOW,
  );
  assert.deepEqual(
    closed.map((each) => each.id),
    ["b", "a"],
  );
});

test("a task that is over ended on no day to come", () => {
  const view = (given) => taskView(task({ status: "completed", ...given }), NOW).ended;
  assert.equal(view({ lastModified: "9999-12-31T23:59:59Z" }), "2026-11-01T10:00:00Z");
  assert.equal(view({ meta: {} }), "");
});

test("a task says when it is due, and what is late is open", () => {
  const view = (end, status = "ready") =>
    taskView(task({ status, restriction: { period: { end } } }), NOW);
  assert.deepEqual(
    [view("2026-11-24T12:00:00Z").dueWords, view("2026-11-24T12:00:00Z").overdue],
    ["due Nov 24, 2026 (in 3 days)", false],
  );
  assert.deepEqual(
    [view("2026-11-01T12:00:00Z").dueWords, view("2026-11-01T12:00:00Z").overdue],
    ["was due Nov 1, 2026 (20 days ago)", true],
  );
  assert.equal(view("2026-11-01T12:00:00Z", "completed").overdue, false);
  assert.equal(view("0203-11-01").overdue, false);
  assert.equal(view("9999-12-31").dueWords, "due Dec 31, 9999");
});

test("a task with next to nothing stored is still shown", () => {
  const view = taskView({ resourceType: "Task", id: "t" }, NOW);
  assert.deepEqual(
    [view.title, view.dueWords, view.open, view.state.words],
    ["A task without a description", "", false, "status unknown"],
  );
  assert.equal(taskView({ id: "t", code: { text: "see notes" } }, NOW).title, "see notes");
});

test("marking as done says when, beside a start that was", () => {
  const status = { op: "replace", path: "/status", value: "completed" };
  assert.deepEqual(completion(task(), NOW), [
    status,
    { op: "add", path: "/executionPeriod", value: { end: AT } },
  ]);
  assert.deepEqual(completion(task({ executionPeriod: { start: "2026-11-01" } }), NOW), [
    status,
    { op: "add", path: "/executionPeriod/end", value: AT },
  ]);
});

test("marking as done says no time that would be before the start", () => {
  const status = { op: "replace", path: "/status", value: "completed" };
  for (const start of ["2027-01-01", "9999-12-31T23:59:59Z", "??"]) {
    assert.deepEqual(completion(task({ executionPeriod: { start } }), NOW), [status]);
  }
});

test("taking it back brings back what was there", () => {
  const period = { start: "2026-11-01" };
  const before = task({ executionPeriod: period });
  assert.deepEqual(reopening(task({ executionPeriod: { ...period, end: AT } }), before), [
    { op: "replace", path: "/status", value: "ready" },
    { op: "add", path: "/executionPeriod", value: period },
  ]);
  assert.deepEqual(reopening(task({ executionPeriod: { end: AT } }), task())[1], {
    op: "remove",
    path: "/executionPeriod",
  });
  assert.deepEqual(reopening(task(), task()).length, 1);
});

test("two versions differ in what a reader sees", () => {
  const after = task({
    status: "on-hold",
    owner: { reference: "Practitioner/U1" },
    note: [{ text: "n" }],
    meta: { versionId: "2" },
  });
  const changed = differences(task(), after, new Map([["Practitioner/U1", "Ada"]]));
  assert.deepEqual(
    changed.map((each) => [each.field, each.before, each.after]),
    [
      ["status", "ready to start", "on hold"],
      ["with", "", "Ada"],
      ["notes", "", "n"],
    ],
  );
  assert.deepEqual(differences(task(), task()), []);
});

test("a conflict with a task that is still open is for the member to decide", () => {
  const { again, words, details } = conflict(
    task(),
    task({ priority: "stat", restriction: {}, note: [{ text: "n" }] }),
  );
  assert.equal(again, true);
  assert.match(words, /was not marked as done/);
  assert.deepEqual(details, [
    "Due: Dec 1, 2026 → none",
    "Priority: none → at once",
    "Its notes changed",
  ]);
});

test("a conflict about nothing that is shown says that", () => {
  assert.deepEqual(conflict(task(), task({ meta: { versionId: "2" } })).details, [
    "Nothing that is shown here",
  ]);
});

test("a conflict with a task that is over leaves nothing to decide", () => {
  const { again, words } = conflict(task(), task({ status: "completed" }));
  assert.equal(again, false);
  assert.match(words, /It is now done; there is nothing left to do/);
});
