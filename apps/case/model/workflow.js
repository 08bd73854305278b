/** The workflow of a case: the steps that its CarePlan has as activities. */

import { list } from "../../shared/fhir.js";
import { conceptWords, extensions, partValue } from "./fields.js";

const STATES = {
  completed: { text: "Completed", mark: "done" },
  "in-progress": { text: "In progress", mark: "current" },
  scheduled: { text: "Scheduled", mark: "open" },
  "not-started": { text: "Not started", mark: "open" },
  "on-hold": { text: "Blocked", mark: "held" },
  cancelled: { text: "Skipped", mark: "skipped" },
  stopped: { text: "Stopped", mark: "skipped" },
};

const UNREADABLE = { text: "State unknown", mark: "held" };

/** Return the steps of a CarePlan in its order, which is that of their sequence. */
export function workflowSteps(plan) {
  return list(plan?.activity)
    .filter((activity) => activity?.detail)
    .map((activity, index) => step(activity, index + 1));
}

function step(activity, position) {
  const { detail } = activity;
  const [more] = extensions(activity, "workflow-step");
  const { text, mark } = STATES[detail.status] ?? UNREADABLE;
  return {
    position,
    name: conceptWords(detail.code) || "Step without a name",
    description: detail.description ?? "",
    category: conceptWords(partValue(more, "category")),
    text,
    mark,
    due: detail.scheduledPeriod?.end ?? detail.scheduledPeriod?.start ?? "",
    completed: partValue(more, "completed") ?? "",
    performers: list(detail.performer),
  };
}

/** Return how far a workflow is: `{total, done, skipped, held}`. */
export function workflowProgress(steps) {
  const count = (mark) => steps.filter((each) => each.mark === mark).length;
  return {
    total: steps.length,
    done: count("done"),
    skipped: count("skipped"),
    held: count("held"),
  };
}

/** Return that as a sentence: `4 of 6 steps completed, 1 skipped`. */
export function progressWords({ total, done, skipped, held }) {
  const rest = [skipped && `${skipped} skipped`, held && `${held} blocked or unclear`].filter(
    Boolean,
  );
  return [`${done} of ${total} ${total === 1 ? "step" : "steps"} completed`, ...rest].join(", ");
}
