/** Tasks as a member reads them, and marking one as done. Pure: no page, no network. */

import {
  conceptText,
  day,
  list,
  moment,
  newestFirst,
  period,
  refText,
  soonestFirst,
} from "../shared/fhir.js";
import { dayNumber, dueWords, mistaken } from "./goals.js";
import { PRIORITY, TASK_STATUS } from "./words.js";

const DAY = 86_400_000;
const OPEN = ["requested", "received", "accepted", "ready", "in-progress", "on-hold"];
const URGENT = ["urgent", "asap", "stat"];

/** Return `{open, coming, closed}`: to do, soonest first; being prepared; the rest, newest first. */
export function sorted(tasks, now) {
  const views = tasks.filter((task) => !mistaken(task)).map((task) => taskView(task, now));
  const due = soonestFirst((view) => view.due);
  return {
    open: views.filter((view) => view.open).sort(due),
    coming: views.filter((view) => view.status === "draft").sort(due),
    closed: views.filter((view) => view.ended !== null).sort(newestFirst((view) => view.ended)),
  };
}

/** Return what is shown of a task. */
export function taskView(task, now) {
  const due = task.restriction?.period?.end;
  const left = due ? dayNumber(due) - dayNumber(new Date(now).toISOString()) : NaN;
  const open = OPEN.includes(task.status);
  const closed = !open && task.status !== "draft";
  return {
    id: task.id,
    task,
    title: taskTitle(task),
    status: task.status,
    state: TASK_STATUS[task.status] ?? { words: task.status ?? "status unknown", tone: "" },
    open,
    due,
    dueWords: dueSentence(due, left, open),
    overdue: open && left < 0 && left > -3660,
    urgent: URGENT.includes(task.priority),
    owner: task.owner,
    ended: closed ? ended(task, now) : null,
  };
}

/** The day a task ended, as far as it is told; a day that is still to come was not that. */
function ended({ executionPeriod, lastModified, meta }, now) {
  const told = [executionPeriod?.end, lastModified, meta?.lastUpdated];
  return told.find((each) => moment(each) <= now + DAY) ?? "";
}

/** Return the words for a task. */
export function taskTitle(task) {
  return task.description?.trim?.() || conceptText(task.code) || "A task without a description";
}

function dueSentence(due, left, open) {
  if (!due) return "";
  if (!open || Number.isNaN(left) || Math.abs(left) > 3660) return `due ${day(due)}`;
  return `${left < 0 ? "was due" : "due"} ${day(due)} (${dueWords(left)})`;
}

/** Return the JSON Patch that marks a task as done, and says when, as far as that can be true. */
export function completion(task, now) {
  const end = new Date(now).toISOString();
  const status = { op: "replace", path: "/status", value: "completed" };
  const { start } = task.executionPeriod ?? {};
  if (start && !(Date.parse(start) <= now)) return [status];
  return task.executionPeriod
    ? [status, { op: "add", path: "/executionPeriod/end", value: end }]
    : [status, { op: "add", path: "/executionPeriod", value: { end } }];
}

/** Return the JSON Patch that takes `completion` back: `now` is as answered, `before` as it was. */
export function reopening(now, before) {
  const status = { op: "replace", path: "/status", value: before.status };
  if (before.executionPeriod)
    return [status, { op: "add", path: "/executionPeriod", value: before.executionPeriod }];
  return now.executionPeriod ? [status, { op: "remove", path: "/executionPeriod" }] : [status];
}

const COMPARED = [
  ["status", (task) => TASK_STATUS[task.status]?.words ?? task.status ?? ""],
  ["description", taskTitle],
  ["due", (task) => day(task.restriction?.period?.end)],
  ["with", (task, names) => refText(task.owner, names)],
  ["priority", (task) => PRIORITY[task.priority] ?? task.priority ?? ""],
  ["time", (task) => period(task.executionPeriod)],
  [
    "notes",
    (task) =>
      list(task.note)
        .map((note) => note?.text)
        .join("\n"),
  ],
];

/** Return what differs between two versions of a task: `[{field, before, after}]`. */
export function differences(before, after, names = new Map()) {
  return COMPARED.map(([field, read]) => ({
    field,
    before: read(before, names),
    after: read(after, names),
  })).filter((each) => each.before !== each.after);
}

/**
 * Return what to tell somebody whose change came too late: `{words, details, again}`.
 * `again`: whether there is something left to decide.
 */
export function conflict(before, after, names) {
  const changed = differences(before, after, names);
  const details = changed.map(({ field, before: old, after: now }) => {
    if (field === "notes") return "Its notes changed";
    return `${field[0].toUpperCase()}${field.slice(1)}: ${old || "none"} → ${now || "none"}`;
  });
  const { words } = TASK_STATUS[after.status] ?? { words: after.status };
  if (!OPEN.includes(after.status)) {
    return {
      again: false,
      details,
      words: `Somebody else changed this task in the meantime. It is now ${words}; there is nothing left to do.`,
    };
  }
  return {
    again: true,
    details: details.length ? details : ["Nothing that is shown here"],
    words:
      "Somebody else changed this task in the meantime, so it was not marked as done. Look at what changed, and decide again.",
  };
}
