/** What changed lately, over goals, tasks and contacts. Pure: no page, no network. */

import { conceptText, extensionValue, moment } from "../shared/fhir.js";
import { goalTitle, mistaken } from "./goals.js";
import { taskTitle } from "./tasks.js";
import { LIFE_CYCLE, TASK_STATUS } from "./words.js";

const DAYS = 30;
const DAY = 86_400_000;
const MOST = 8;
const FEW = 3;

/**
 * Return `{from, to, lately, before}`: the changes of the 30 days up to the newest one, newest
 * first, and where those are fewer than three, some from before. Data may be older than today:
 * the days are counted back from the newest change, and said. A moment in the future is none.
 */
export function changes(resources, now) {
  const all = resources
    .filter((each) => !mistaken(each))
    .map(change)
    .filter(({ at }) => at <= now + DAY)
    .sort((a, b) => b.at - a.at);
  if (!all.length) return { from: null, to: null, lately: [], before: [] };
  const [to, from] = [all[0].at, all[0].at - DAYS * DAY];
  const lately = all.filter(({ at }) => at >= from);
  const before = lately.length < FEW ? all.slice(lately.length, FEW) : [];
  return {
    from,
    to,
    lately: lately.slice(0, MOST),
    more: Math.max(0, lately.length - MOST),
    before,
  };
}

function change(resource) {
  const changed = moment(resource.meta?.lastUpdated);
  const stated = moment(resource.statusDate);
  const at = Number.isNaN(stated) || stated < changed ? changed : stated;
  return {
    at,
    when: at === changed ? resource.meta?.lastUpdated : resource.statusDate,
    key: `${resource.resourceType}/${resource.id}`,
    ...WORDS[resource.resourceType](resource, fresh(resource)),
  };
}

const WORDS = {
  Goal: (goal, isNew) => ({
    what: isNew ? "New goal" : "Goal",
    title: goalTitle(goal),
    state: isNew ? "" : (LIFE_CYCLE[goal.lifecycleStatus] ?? ""),
  }),
  Task: (task, isNew) => ({
    what: isNew ? "New task" : "Task",
    title: taskTitle(task),
    state: isNew ? "" : (TASK_STATUS[task.status]?.words ?? ""),
  }),
  Communication: (communication, isNew) => ({
    what: isNew ? "New contact" : "Contact",
    title: conceptText(communication.topic) || "without a topic",
    state: "",
  }),
};

/** Whether the last change is the first one too. */
function fresh(resource) {
  const created = moment(extensionValue(resource, "created") ?? resource.authoredOn);
  return Math.abs(moment(resource.meta?.lastUpdated) - created) < 60_000;
}
