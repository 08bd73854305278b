/** The parts of a case, each a section with a heading and its count. */

import { el } from "../../shared/dom.js";
import { money } from "../../shared/fhir.js";
import { targetWords } from "../model/target.js";
import { progressWords, workflowProgress } from "../model/workflow.js";
import {
  badge,
  date,
  facts,
  fhirButton,
  hiddenBadge,
  icon,
  moment,
  pageLink,
  paragraphs,
  person,
  personAndId,
} from "./pieces.js";

/** Return a section; `count` may be null, `raw` is a button. */
export function section(id, title, { count = null, raw = null, none = "" }, ...content) {
  return el(
    "section",
    { class: "card part", id, "aria-labelledby": `${id}-title`, tabindex: "-1" },
    el(
      "div",
      { class: "part-head" },
      el(
        "h2",
        { id: `${id}-title` },
        title,
        count !== null &&
          el(
            "span",
            { class: "count" },
            el("span", { class: "visually-hidden" }, ": "),
            String(count),
          ),
      ),
      raw,
    ),
    content.flat(Infinity).some(Boolean) ? content : el("p", { class: "muted" }, none),
  );
}

/** Return the line of workflow steps. */
export function workflow(view, { names, open }) {
  const raw = view.paths.plan && fhirButton({ path: view.paths.plan }, "Care plan", { open });
  const { steps } = view;
  if (!steps.length)
    return section("workflow", "Workflow", { raw, none: "No workflow is stored for this case." });
  const progress = workflowProgress(steps);
  const words = progressWords(progress);
  return section(
    "workflow",
    "Workflow",
    { raw },
    el(
      "p",
      { class: "workflow-words" },
      el("progress", {
        max: progress.total,
        value: progress.done,
        "aria-label": "Steps completed",
      }),
      el("span", {}, words),
    ),
    el(
      "ol",
      { class: "steps" },
      steps.map((step) => stepItem(step, names)),
    ),
  );
}

function stepItem(step, names) {
  const mark = { done: icon("done"), skipped: icon("skipped"), held: icon("held") }[step.mark];
  return el(
    "li",
    { class: ["step", `step-${step.mark}`], "aria-current": step.mark === "current" && "step" },
    el("span", { class: "step-mark", "aria-hidden": "true" }, mark ?? String(step.position)),
    el(
      "div",
      { class: "step-body" },
      el("h3", {}, step.name),
      el("p", { class: "step-state" }, step.text, step.completed && [" ", date(step.completed)]),
      step.due && el("p", { class: "sub" }, "Due ", date(step.due)),
      step.performers.length > 0 &&
        el(
          "p",
          { class: "sub" },
          step.performers.map((who, index) => [index > 0 && ", ", person(who, names)]),
        ),
      step.description && el("p", { class: "sub" }, step.description),
    ),
  );
}

/** Return a list of things with a FHIR button each. */
function things(all, item) {
  return all.length > 0 && el("ul", { class: "things" }, all.map(item));
}

function thing(each, { head, open, kind }, ...more) {
  return el(
    "li",
    { class: ["thing", !each.open && "thing-closed"] },
    el(
      "div",
      { class: "thing-main" },
      el("p", { class: "thing-title" }, each.title),
      el("p", { class: "badges" }, head),
      more,
    ),
    fhirButton(each, `${kind}: ${each.title}`, { open }),
  );
}

function line(...content) {
  const shown = content.filter(Boolean);
  return (
    shown.length > 0 &&
    el(
      "p",
      { class: "sub" },
      shown.map((each, index) => [index > 0 && " · ", each]),
    )
  );
}

/** Return the tasks, those that are open first. */
export function tasks(view, { names, open }) {
  const item = (each) =>
    thing(
      each,
      {
        open,
        kind: "Task",
        head: [
          badge(each.status),
          each.overdue && el("span", { class: "badge badge-bad" }, "Overdue"),
          each.priority && el("span", { class: "badge badge-warn" }, each.priority),
          hiddenBadge(each),
        ],
      },
      line(
        each.category,
        each.due && ["Due ", date(each.due)],
        each.ended && ["Ended ", date(each.ended)],
        each.owner && person(each.owner, names),
      ),
    );
  return section(
    "tasks",
    "Tasks",
    { count: view.tasks.length, none: "No tasks." },
    things(view.tasks, item),
  );
}

/** Return the goals with what they aim at. */
export function goals(view, { names, open }) {
  const item = (each) => {
    const target = targetWords(each.target);
    return thing(
      each,
      {
        open,
        kind: "Goal",
        head: [badge(each.status), badge(each.achievement), hiddenBadge(each)],
      },
      line(
        target && `Target ${target}`,
        each.due && ["by ", date(each.due)],
        each.start && ["since ", date(each.start)],
        each.owner && person(each.owner, names),
      ),
      each.outcome && el("p", { class: "sub" }, `Outcome: ${each.outcome}`),
    );
  };
  return section(
    "goals",
    "Goals",
    { count: view.goals.length, none: "No goals." },
    things(view.goals, item),
  );
}

/** Return the flags, those that are active first. */
export function flags(view, { names, open }) {
  const item = (each) =>
    thing(
      each,
      { open, kind: "Flag", head: [badge(each.status), hiddenBadge(each)] },
      each.text && el("p", {}, each.text),
      line(
        each.category,
        each.start && ["since ", date(each.start)],
        each.end && ["until ", date(each.end)],
        each.owner && person(each.owner, names),
      ),
    );
  return section(
    "flags",
    "Flags",
    { count: view.flags.length, none: "No flags." },
    things(view.flags, item),
  );
}

/** Return the parties and their people. */
export function participants(view, { names, open }) {
  const raw = view.paths.team && fhirButton({ path: view.paths.team }, "Care team", { open });
  const item = (party) =>
    el(
      "li",
      { class: "party" },
      el(
        "p",
        { class: "thing-title" },
        party.role,
        " ",
        el(
          "span",
          { class: "badges" },
          party.primary && el("span", { class: "badge badge-good" }, "Primary"),
          badge(party.status),
        ),
      ),
      el(
        "p",
        {},
        party.organization ? personAndId(party.organization, names) : "Without an organization",
      ),
      party.people.length > 0 &&
        el(
          "p",
          {},
          el("span", { class: "id" }, party.people.length === 1 ? "Person " : "People "),
          party.people.map((who, index) => [index > 0 && ", ", personAndId(who, names)]),
        ),
      party.caseName !== view.name && el("p", { class: "sub" }, party.caseName),
      line(party.caseId && `Case ${party.caseId}`),
    );
  return section(
    "participants",
    "Participants",
    { count: view.parties.length, raw, none: "No participants." },
    view.parties.length > 0 && el("ul", { class: "things" }, view.parties.map(item)),
  );
}

/** Return what the case has saved. */
export function savings(view) {
  const { identified, realized, lastRealized } = view.savings;
  return section(
    "savings",
    "Savings",
    { none: "No savings are stored." },
    (identified || realized) &&
      facts(
        [
          ["Identified", identified && el("span", { class: "amount" }, money(identified))],
          ["Realized", realized && el("span", { class: "amount" }, money(realized))],
          ["Last realized", lastRealized && date(lastRealized)],
        ],
        { class: "facts facts-wide" },
      ),
  );
}

/** Return the outcome; null where there is none. */
export function outcome(view, { open }) {
  return (
    view.outcomes.length > 0 &&
    section(
      "outcome",
      "Outcome",
      {},
      view.outcomes.map((each) =>
        el(
          "div",
          { class: "thing" },
          el(
            "div",
            { class: "thing-main" },
            el("p", { class: "thing-title" }, each.category),
            line(each.when && date(each.when)),
            paragraphs(each.text),
          ),
          fhirButton(each, "Outcome", { open }),
        ),
      ),
    )
  );
}

/** Return the notes on the case; null where there are none. */
export function notes(view, { names }) {
  const item = (note) =>
    el(
      "li",
      { class: "note" },
      paragraphs(note.text),
      line(moment(note.when), note.author && person(note.author, names)),
    );
  return (
    view.notes.length > 0 &&
    section(
      "notes",
      "Notes",
      { count: view.notes.length },
      el("ul", { class: "things" }, view.notes.map(item)),
    )
  );
}

/** Return what else belongs to the case: claims, prescriptions, other cases. */
export function items(view, { state, address, go, open }) {
  const raw = view.paths.items && fhirButton({ path: view.paths.items }, "Case items", { open });
  const item = (each) =>
    el(
      "li",
      {},
      each.isCase ? pageLink(address({ ...state, case: each.id }), go, {}, each.text) : each.text,
      el(
        "span",
        { class: "sub" },
        [each.type, each.text === each.id ? "" : each.id].filter(Boolean).join(" · "),
      ),
    );
  return (
    view.items.length > 0 &&
    section(
      "items",
      "Also part of it",
      { count: view.items.length, raw },
      el("ul", { class: "things" }, view.items.map(item)),
    )
  );
}
