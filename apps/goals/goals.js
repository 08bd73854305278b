/** A Goal as a member reads it: https://hl7.org/fhir/R4/goal.html. Pure: no page, no network. */

import {
  conceptCode,
  conceptText,
  day,
  extensionValue,
  list,
  moment,
  newestFirst,
  quantity,
  range,
  ratio,
  soonestFirst,
} from "../shared/fhir.js";
import { ACHIEVEMENT, GROUPS, OTHER, UNITS } from "./words.js";

const DAY = 86_400_000;

/** Return the goals by life cycle: `[{key, title, open, goals}]`, without groups that are empty. */
export function grouped(goals, now) {
  const views = goals.filter((goal) => !mistaken(goal)).map((goal) => goalView(goal, now));
  return [...GROUPS, OTHER]
    .map((group) => ({
      ...group,
      goals: views.filter((view) => view.group.key === group.key).sort(inOrder(group)),
    }))
    .filter((group) => group.goals.length);
}

/** Whether a resource was recorded by mistake: it says nothing about the member. */
export function mistaken(resource) {
  return (resource.lifecycleStatus ?? resource.status) === "entered-in-error";
}

/** Return what is shown of a goal. */
export function goalView(goal, now) {
  const group = GROUPS.find((each) => each.codes.includes(goal.lifecycleStatus)) ?? OTHER;
  const title = goalTitle(goal);
  return {
    id: goal.id,
    title,
    group,
    lifecycle: goal.lifecycleStatus,
    achievement: achievement(goal),
    message: text(extensionValue(goal, "display-message")),
    why: list(goal.addresses)
      .map((each) => each?.display)
      .filter(Boolean),
    targets: list(goal.target)
      .map((target) => targetView(target, goal, title, now))
      .filter(Boolean),
    start: text(goal.startDate) || conceptText(goal.startCodeableConcept),
    outcomes: list(goal.outcomeCode).map(conceptText).filter(Boolean),
    notes: list(goal.note)
      .filter((note) => note?.text)
      .sort(newestFirst((note) => note.time)),
    reason: text(goal.statusReason),
    owner: extensionValue(goal, "assigned-to") ?? goal.expressedBy,
    high: conceptCode(goal.priority, "goal-priority") === "high-priority",
    changed: goal.meta?.lastUpdated,
  };
}

/** Return the words for a goal; there may be none stored that can be shown. */
export function goalTitle(goal) {
  const measures = list(goal.target).map((target) => conceptText(target?.measure));
  return conceptText(goal.description) || measures.find(Boolean) || "A goal without a description";
}

function inOrder(group) {
  const due = (view) => view.targets[0]?.due;
  return group.open ? soonestFirst(due) : newestFirst((view) => view.changed ?? due(view));
}

function achievement(goal) {
  const code = conceptCode(goal.achievementStatus, "goal-achievement");
  const words = conceptText(goal.achievementStatus);
  if (!code && !words) return null;
  return { code, ...(ACHIEVEMENT[code] ?? { words, tone: "", trend: "flat" }) };
}

// ---- target: what, and by when

function targetView(target, goal, title, now) {
  if (!target) return null;
  const words = detailWords(target);
  const measure = conceptText(target.measure);
  const due = text(target.dueDate);
  const within = quantityWords(target.dueDuration);
  return {
    words,
    measure: measure && measure !== title ? measure : "",
    due,
    within: within && `within ${within}`,
    course: due ? course(goal, due, now) : null,
  };
}

/** Return words for `Goal.target.detail[x]`, whatever its type; "" where there is none. */
export function detailWords(target) {
  if (target.detailQuantity) return quantityWords(target.detailQuantity);
  if (target.detailRange) return tidied(range(withUnits(target.detailRange)));
  if (target.detailRatio) return ratioWords(target.detailRatio);
  if (target.detailCodeableConcept) return conceptText(target.detailCodeableConcept);
  if (typeof target.detailString === "string") return target.detailString;
  if (typeof target.detailBoolean === "boolean") return target.detailBoolean ? "yes" : "no";
  if (typeof target.detailInteger === "number") return String(target.detailInteger);
  return "";
}

function quantityWords(value) {
  return value ? tidied(quantity(withUnit(value))) : "";
}

function ratioWords({ numerator, denominator }) {
  const below = denominator && withUnit(denominator);
  return tidied(ratio({ numerator: numerator && withUnit(numerator), denominator: below }));
}

function withUnits({ low, high }) {
  return { low: low && withUnit(low), high: high && withUnit(high) };
}

function withUnit(value) {
  const { value: amount, unit, code } = value;
  const known = UNITS[unit ?? code];
  if (known) return { ...value, unit: known[amount === 1 ? 0 : 1] };
  // UCUM puts into braces what is counted.
  return { ...value, unit: unit?.replace(/^\{(.*)\}$/, "$1") };
}

function tidied(words) {
  return words.replaceAll("\u00a0%", "%");
}

// ---- the way from start to due day

/**
 * Return how far the time of a goal has run: `{state, words, brief, fraction, used, whole}`, or null.
 *
 * It is about time, never about success. `fraction` (0 to 1) stands only where there is something
 * to draw: an active goal with a start day before its due day. `state`: running, soon, overdue,
 * ahead (not begun), or plain (words only).
 */
export function course(goal, due, now) {
  const [end, today] = [dayNumber(due), dayNumber(localDay(now))];
  if (Number.isNaN(end)) return null;
  const left = end - today; // years off, it is a slip of the pen: say the day, count nothing
  const plain = {
    state: "plain",
    words: `${left < 0 ? "was due" : "due"} ${day(due)}`,
    brief: day(due),
  };
  if (goal.lifecycleStatus !== "active" || due.length < 10 || Math.abs(left) > 3660) return plain;
  const begin = dayNumber(goal.startDate ?? "");
  const state = left < 0 ? "overdue" : left <= 14 ? "soon" : begin > today ? "ahead" : "running";
  const [words, brief] = [plain.words, plain.brief].map((each) => `${each} (${dueWords(left)})`);
  const drawn = goal.startDate?.length === 10 && begin < end && begin <= today;
  if (!drawn) return { state, words, brief };
  const [used, whole] = [Math.min(today, end) - begin, end - begin];
  return { state, words, brief, used, whole, fraction: used / whole };
}

/** Return how far off a day is: `in 12 days`, `today`, `63 days ago`. */
export function dueWords(days) {
  if (days === 0) return "today";
  if (Math.abs(days) === 1) return days > 0 ? "tomorrow" : "yesterday";
  return days > 0 ? `in ${days} days` : `${-days} days ago`;
}

/** Return the days since 1970 of the day of a FHIR date. */
export function dayNumber(date) {
  const at = typeof date === "string" && date.length > 10 ? localDay(moment(date)) : date;
  return Math.floor(moment(at) / DAY);
}

function localDay(at) {
  if (Number.isNaN(at)) return "";
  const local = new Date(at);
  const pad = (number) => String(number).padStart(2, "0");
  return `${String(local.getFullYear()).padStart(4, "0")}-${pad(local.getMonth() + 1)}-${pad(local.getDate())}`;
}

function text(value) {
  return typeof value === "string" ? value.trim() : conceptText(value);
}
