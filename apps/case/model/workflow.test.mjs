import assert from "node:assert/strict";
import test from "node:test";
import { progressWords, workflowProgress, workflowSteps } from "./workflow.js";

const step = (status, more = {}) => ({ detail: { status, code: { text: status }, ...more } });

test("steps are the activities that are no references, in their order", () => {
  const steps = workflowSteps({
    activity: [
      step("completed", { scheduledPeriod: { end: "2026-01-01" } }),
      { reference: { reference: "Task/t1" } },
      {
        ...step("in-progress"),
        extension: [
          {
            url: "https://fhir.wellnecity.com/StructureDefinition/workflow-step",
            extension: [{ url: "completed", valueDate: "2026-02-02" }],
          },
        ],
      },
      step("not-a-status", { code: undefined }),
    ],
  });
  assert.deepEqual(
    steps.map(({ position, mark }) => [position, mark]),
    [
      [1, "done"],
      [2, "current"],
      [3, "held"],
    ],
  );
  assert.deepEqual(
    [steps[0].due, steps[1].completed, steps[2].name, steps[2].text],
    ["2026-01-01", "2026-02-02", "Step without a name", "State unknown"],
  );
});

test("how far it is, in words", () => {
  const words = (...states) =>
    progressWords(workflowProgress(workflowSteps({ activity: states.map((each) => step(each)) })));
  assert.equal(words("completed", "completed", "not-started"), "2 of 3 steps completed");
  assert.equal(words("completed"), "1 of 1 step completed");
  assert.equal(
    words("cancelled", "on-hold", "completed"),
    "1 of 3 steps completed, 1 skipped, 1 blocked or unclear",
  );
});

test("no plan, no steps", () => {
  assert.deepEqual(workflowSteps(undefined), []);
});
