/** The goals on the page. */

import { el } from "../shared/dom.js";
import { day } from "../shared/fhir.js";
import { empty } from "../shared/states.js";

const ICONS = {
  up: "M8 13 V3 M3.5 7.5 L8 3 L12.5 7.5",
  down: "M8 3 V13 M3.5 8.5 L8 13 L12.5 8.5",
  flat: "M2 8 H14",
  done: "M2 9 L6 13 L14 4",
  not: "M4 4 L12 12 M12 4 L4 12",
};

/** Return the groups of goals, those that are over folded away. */
export function goalGroups(groups, names) {
  if (!groups.length) {
    return empty("No goals yet", "Goals agreed on with the care team appear here.");
  }
  return groups.map((group) => (group.open ? openGroup(group, names) : closedGroup(group, names)));
}

function openGroup(group, names) {
  const id = `group-${group.key}`;
  return el(
    "section",
    { class: "group", "aria-labelledby": id },
    el("h3", { id }, group.title, count(group)),
    cards(group, names),
  );
}

function closedGroup(group, names) {
  return el(
    "details",
    { class: "group group-closed" },
    el("summary", {}, el("h3", {}, group.title, count(group))),
    cards(group, names),
  );
}

function count({ goals }) {
  return [" ", el("span", { class: "count" }, String(goals.length))];
}

function cards(group, names) {
  return el(
    "ul",
    { class: "goals", role: "list" },
    group.goals.map((view) => el("li", {}, card(view, names))),
  );
}

function card(view, names) {
  const id = `goal-${view.id}`;
  return el(
    "article",
    { class: "card goal", "aria-labelledby": id },
    el("div", { class: "goal-head" }, el("h4", { id }, view.title), badges(view)),
    view.message && el("p", { class: "goal-message" }, view.message),
    view.targets.map((target, _index, all) => course(target, view, all.length > 1)),
    facts(view, names),
    notes(view, names),
  );
}

function badges({ achievement, high, group }) {
  const shown = [
    achievement &&
      el(
        "span",
        { class: ["badge", achievement.tone && `badge-${achievement.tone}`] },
        icon(achievement.trend),
        achievement.words,
      ),
    high && group.open && el("span", { class: "badge" }, "High priority"),
  ].filter(Boolean);
  return shown.length > 0 && el("p", { class: "badges" }, shown);
}

function icon(trend) {
  return el(
    "svg",
    {
      class: "icon",
      viewBox: "0 0 16 16",
      width: "12",
      height: "12",
      "aria-hidden": "true",
      focusable: "false",
    },
    el("path", {
      d: ICONS[trend] ?? ICONS.flat,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "2.2",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

// ---- the time from start to due day

function course({ course: way, due }, { start }, several) {
  if (way?.fraction === undefined) return null;
  const share = Math.round(way.fraction * 100);
  const over = way.state === "overdue";
  return el(
    "div",
    { class: ["course", `course-${way.state}`] },
    el(
      "p",
      { class: "course-head" },
      el("span", {}, several ? `Time until ${day(due)}` : "Time"),
      el("span", {}, over ? `${way.whole} days were planned` : `day ${way.used} of ${way.whole}`),
    ),
    bar(
      share,
      over ? "The due day has passed" : `${share} percent of the time until the due day has passed`,
    ),
    el(
      "p",
      { class: "course-foot" },
      el("span", {}, `Began ${day(start)}`),
      el("strong", {}, sentence(way.words)),
    ),
  );
}

function bar(share, label) {
  const round = { rx: "5", ry: "5" };
  return el(
    "svg",
    { class: "course-bar", role: "img", "aria-label": label, width: "100%", height: "10" },
    el("rect", { class: "course-whole", x: "0", y: "0", width: "100%", height: "10", ...round }),
    el("rect", {
      class: "course-used",
      x: "0",
      y: "0",
      width: `${Math.max(share, 1)}%`,
      height: "10",
      ...round,
    }),
  );
}

function sentence(words) {
  return words ? words[0].toUpperCase() + words.slice(1) : words;
}

// ---- what else is known

function facts(view, names) {
  const drawn = view.targets.some((target) => target.course?.fraction !== undefined);
  const targets = view.targets.flatMap((target) => [
    target.measure && ["Measured by", target.measure],
    target.words && ["Target", target.words],
    // What is drawn says its due day below the bar.
    target.course?.fraction === undefined &&
      target.due && ["Due", target.course?.brief ?? day(target.due)],
    target.within && ["Due", target.within],
  ]);
  const rows = [
    ...targets,
    ...view.outcomes.map((words) => ["Result", words]),
    view.reason && ["Reason", view.reason],
    view.why.length > 0 && ["Because of", view.why.join(", ")],
    view.start && !drawn && ["Start", day(view.start)],
    view.owner && names.text(view.owner) && ["With", names.node(view.owner)],
  ].filter(Boolean);
  if (!rows.length) return null;
  return el(
    "dl",
    { class: "facts" },
    rows.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))),
  );
}

function notes(view, names) {
  if (!view.notes.length) return null;
  return el(
    "details",
    { class: "notes" },
    el(
      "summary",
      {},
      view.notes.length === 1 ? "1 note" : `${view.notes.length} notes`,
      el("span", { class: "visually-hidden" }, ` on ${view.title}`),
    ),
    el(
      "ul",
      { role: "list" },
      view.notes.map((note) =>
        el(
          "li",
          {},
          el("p", {}, note.text),
          el("p", { class: "muted small" }, note.time && day(note.time), author(note, names)),
        ),
      ),
    ),
  );
}

function author(note, names) {
  if (note.authorString) return `, ${note.authorString}`;
  if (!note.authorReference || !names.text(note.authorReference)) return null;
  return [note.time && ", ", names.node(note.authorReference)];
}
