import assert from "node:assert/strict";
import { test } from "node:test";

import { course, detailWords, dueWords, goalView, grouped } from "./goals.js";

const NOW = new Date(2026, 10, 21, 15).getTime();
const SYSTEM = "http://terminology.hl7.org/CodeSystem/goal-achievement";

const goal = (given = {}) => ({
  resourceType: "Goal",
  id: "g",
  lifecycleStatus: "active",
  description: { text: "Walk 150 minutes a week" },
  startDate: "2026-11-01",
  target: [{ dueDate: "2026-12-31" }],
  ...given,
});

test("goals are grouped by life cycle, in a fixed order; empty groups and mistakes are left out", () => {
  const codes = [
    "cancelled",
    "completed",
    "accepted",
    "active",
    "entered-in-error",
    "planned",
    "on-hold",
    "rejected",
    "proposed",
    "odd",
    undefined,
  ];
  const groups = grouped(
    codes.map((lifecycleStatus, index) => goal({ id: String(index), lifecycleStatus })),
    NOW,
  );
  assert.deepEqual(
    groups.map((each) => [each.key, each.goals.length]),
    [
      ["active", 1],
      ["on-hold", 1],
      ["coming", 3],
      ["completed", 1],
      ["ended", 2],
      ["other", 2],
    ],
  );
  assert.deepEqual(grouped([], NOW), []);
});

test("within an open group the soonest is first, without a due day last; of the others the newest change", () => {
  const dues = ["2027-01-01", undefined, "2026-12-01"];
  const [open] = grouped(
    dues.map((dueDate, index) => goal({ id: String(index), target: [{ dueDate }] })),
    NOW,
  );
  assert.deepEqual(
    open.goals.map((each) => each.id),
    ["2", "0", "1"],
  );
  const moments = ["2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z"];
  const [over] = grouped(
    moments.map((lastUpdated, index) =>
      goal({ id: String(index), lifecycleStatus: "completed", meta: { lastUpdated } }),
    ),
    NOW,
  );
  assert.deepEqual(
    over.goals.map((each) => each.id),
    ["1", "0"],
  );
});

test("a target of every type is said in words", () => {
  const words = (detail) => detailWords(detail);
  assert.equal(
    words({ detailQuantity: { value: 80, comparator: ">=", unit: "%" } }),
    "at least 80%",
  );
  assert.equal(
    words({ detailQuantity: { value: 72, comparator: "<=", unit: "h", code: "h" } }),
    "at most 72\u00a0hours",
  );
  assert.equal(
    words({
      detailRange: { low: { value: 0, unit: "{score}" }, high: { value: 3, unit: "{score}" } },
    }),
    "0 to 3\u00a0score",
  );
  assert.equal(words({ detailRange: { low: { value: 80 }, high: { value: 130 } } }), "80 to 130");
  assert.equal(words({ detailRange: { high: { value: 7, unit: "%" } } }), "at most 7%");
  assert.equal(
    words({
      detailRatio: {
        numerator: { value: 150, unit: "min" },
        denominator: { value: 1, unit: "wk" },
      },
    }),
    "150\u00a0minutes per week",
  );
  assert.equal(
    words({ detailRatio: { numerator: { value: 4 }, denominator: { value: 1 } } }),
    "4 to 1",
  );
  assert.equal(words({ detailCodeableConcept: { text: "Ex-smoker" } }), "Ex-smoker");
  assert.equal(words({ detailString: "Names every medicine" }), "Names every medicine");
  assert.equal(words({ detailBoolean: true }), "yes");
  assert.equal(words({ detailBoolean: false }), "no");
  assert.equal(words({ detailInteger: 0 }), "0");
  assert.equal(words({}), "");
});

test("time is drawn for an active goal between its start and its due day", () => {
  const way = course(goal(), "2026-12-31", NOW);
  assert.deepEqual(way, {
    state: "running",
    words: "due Dec 31, 2026 (in 40 days)",
    brief: "Dec 31, 2026 (in 40 days)",
    used: 20,
    whole: 60,
    fraction: 1 / 3,
  });
});

test("the last two weeks, the last day and the time after are told apart", () => {
  assert.equal(course(goal(), "2026-12-05", NOW).state, "soon");
  assert.equal(course(goal(), "2026-11-21", NOW).words, "due Nov 21, 2026 (today)");
  assert.equal(course(goal(), "2026-11-21", NOW).fraction, 1);
  const late = course(goal(), "2026-11-20", NOW);
  assert.deepEqual(
    [late.state, late.words, late.fraction],
    ["overdue", "was due Nov 20, 2026 (yesterday)", 1],
  );
});

test("nothing is drawn where it would say more than is known", () => {
  const drawn = (given, due) => course(goal(given), due, NOW)?.fraction;
  assert.equal(drawn({ startDate: undefined }, "2026-12-31"), undefined);
  assert.equal(drawn({ startDate: "2026-11" }, "2026-12-31"), undefined);
  assert.equal(drawn({ startDate: "2027-01-01" }, "2027-02-01"), undefined);
  assert.equal(drawn({ startDate: "2026-12-31" }, "2026-12-31"), undefined);
  assert.equal(drawn({}, "2026-12"), undefined);
  assert.equal(drawn({ lifecycleStatus: "on-hold" }, "2026-12-31"), undefined);
  assert.equal(drawn({ lifecycleStatus: "completed" }, "2026-12-31"), undefined);
  assert.equal(course(goal(), "9999-12-31", NOW).words, "due Dec 31, 9999");
  assert.equal(course(goal(), "some day", NOW), null);
});

test("a goal that has not begun is ahead", () => {
  assert.equal(course(goal({ startDate: "2027-01-01" }), "2027-02-01", NOW).state, "ahead");
});

test("days are said as people say them", () => {
  assert.deepEqual([0, 1, -1, 12, -63].map(dueWords), [
    "today",
    "tomorrow",
    "yesterday",
    "in 12 days",
    "63 days ago",
  ]);
});

test("a goal tells its achievement, message, reasons, results and notes", () => {
  const view = goalView(
    goal({
      achievementStatus: { coding: [{ system: SYSTEM, code: "improving" }] },
      addresses: [{ display: "Low activity" }, {}],
      outcomeCode: [{ text: "Done twice" }],
      note: [{ text: "old", time: "2026-01-01" }, { text: "new", time: "2026-02-01" }, {}],
      extension: [{ url: "https://x/display-message", valueString: " Keep going " }],
      target: [{ measure: { text: "Minutes" }, detailInteger: 150, dueDate: "2026-12-31" }],
    }),
    NOW,
  );
  assert.equal(view.achievement.words, "Improving");
  assert.equal(view.message, "Keep going");
  assert.deepEqual(view.why, ["Low activity"]);
  assert.deepEqual(view.outcomes, ["Done twice"]);
  assert.deepEqual(
    view.notes.map((each) => each.text),
    ["new", "old"],
  );
  assert.deepEqual([view.targets[0].measure, view.targets[0].words], ["Minutes", "150"]);
});

test("a measure that only repeats the goal is not said twice", () => {
  const view = goalView(goal({ target: [{ measure: { text: "Walk 150 minutes a week" } }] }), NOW);
  assert.equal(view.targets[0].measure, "");
});

test("a goal with next to nothing stored is still shown", () => {
  const view = goalView({ resourceType: "Goal", id: "g" }, NOW);
  assert.equal(view.title, "A goal without a description");
  assert.equal(view.achievement, null);
  assert.deepEqual([view.targets, view.notes, view.why, view.start], [[], [], [], ""]);
  const odd = goalView(
    {
      id: "g",
      description: { extension: [{}] },
      achievementStatus: { text: "so-so" },
      target: [null, {}],
    },
    NOW,
  );
  assert.equal(odd.achievement.words, "so-so");
  assert.equal(odd.targets.length, 1);
});

test("an achievement that is written otherwise keeps its own words", () => {
  const view = goalView(
    goal({
      achievementStatus: { coding: [{ system: "https://other", code: "x", display: "Half way" }] },
    }),
    NOW,
  );
  assert.equal(view.achievement.words, "Half way");
});
