/** One case as a person would look at it. */

import { el } from "../../shared/dom.js";
import { dayAndTime } from "../../shared/fhir.js";
import { DEFAULTS, listOf, writeAddress } from "../model/address.js";
import { refId } from "../model/fields.js";
import {
  badge,
  date,
  facts,
  fhirButton,
  hiddenBadge,
  pageLink,
  paragraphs,
  person,
  personAndId,
} from "./pieces.js";
import * as part from "./sections.js";
import { timelineSection } from "./timeline.js";

const SECTION_OF = {
  Task: "tasks",
  Goal: "goals",
  Flag: "flags",
  Communication: "timeline",
  Provenance: "timeline",
  DocumentReference: "timeline",
};
const KIND_OF = { Communication: "contact", Provenance: "log", DocumentReference: "document" };

/**
 * Return `{article, showKind}`: the case, and a function to show one kind of entries of its time line.
 * `context`: `{state, names, open, go, choose}`.
 */
export function caseArticle(view, context) {
  const within = { ...context, address: writeAddress };
  const time = timelineSection(view, { ...within, kind: context.state.show });
  const article = el(
    "article",
    { class: "case", "data-case": view.id, "aria-labelledby": "case-title" },
    back(context),
    head(view, context),
    counts(view, time.show),
    part.workflow(view, within),
    el(
      "div",
      { class: "columns" },
      el(
        "div",
        {},
        part.tasks(view, within),
        part.goals(view, within),
        part.flags(view, within),
        time.node,
      ),
      el(
        "div",
        {},
        part.participants(view, within),
        part.savings(view),
        part.outcome(view, within),
        part.notes(view, within),
        part.items(view, within),
      ),
    ),
  );
  return { article, showKind: time.show };
}

/** Return the link back to the list that the case was opened from. */
export function back({ state, go }) {
  return el(
    "p",
    { class: "back" },
    pageLink(writeAddress(listOf(state)), go, {}, "Back to the cases"),
  );
}

function head(view, { names, open, go }) {
  const others = writeAddress({ ...DEFAULTS, member: refId(view.member), status: "any" });
  const overdue = view.overdue && el("span", { class: "badge badge-bad" }, "Overdue");
  return el(
    "header",
    { class: "card case-head" },
    el(
      "div",
      { class: "part-head" },
      el(
        "div",
        {},
        el(
          "p",
          { class: "sub" },
          ["Case ", view.number],
          el("span", { class: "print-only" }, ` as of ${dayAndTime(new Date().toISOString())}`),
        ),
        el("h1", { id: "case-title" }, view.name),
      ),
      el(
        "div",
        { class: "raw-buttons" },
        fhirButton({ path: view.paths.episode }, "Case", { open }),
        fhirButton({ path: view.paths.case }, "whole case", { open, words: "Whole case as FHIR" }),
      ),
    ),
    el(
      "p",
      { class: "badges" },
      badge(view.status),
      view.state && badge(view.state),
      overdue,
      hiddenBadge(view),
    ),
    paragraphs(view.description),
    facts([
      [
        "Member",
        person(view.member, names),
        " ",
        el("span", { class: "muted" }, refId(view.member)),
        refId(view.member) &&
          el("span", { class: "sub more" }, pageLink(others, go, {}, "All cases of this member")),
      ],
      ["Care manager", view.owner && personAndId(view.owner, names)],
      ["Employer", view.employer && personAndId(view.employer, names)],
      ["Managed by", view.organization && personAndId(view.organization, names)],
      [
        "Type",
        view.type,
        view.subtypes.length > 0 && el("span", { class: "sub" }, view.subtypes.join(", ")),
      ],
      ["Program", view.program],
      ["Opened", view.start && date(view.start)],
      ["Due", view.due && date(view.due)],
      ["Closed", view.end && date(view.end)],
      ["Last activity", view.lastActivity && date(view.lastActivity)],
      ["Last review", view.lastReview && date(view.lastReview)],
      ["Conditions", view.conditions.join(", ")],
      ["Campaign", view.campaign],
      ["Health plan", view.healthPlan],
      ["Performance lever", view.lever],
      ["Came from", view.origins.join(", ")],
      ["Vendor's status", view.vendorState],
    ]),
  );
}

function counts(view, showKind) {
  const item = ({ type, words, total, hidden }) =>
    el(
      "li",
      {},
      el(
        "a",
        {
          href: `#${SECTION_OF[type]}`,
          "data-type": type,
          "data-count": total,
          onclick: () => KIND_OF[type] && showKind(KIND_OF[type], true),
        },
        el("strong", {}, String(total)),
        ` ${words}`,
        hidden > 0 && el("span", { class: "sub" }, `${hidden} hidden from searches`),
      ),
    );
  return el(
    "nav",
    { class: "counts", "aria-label": "Parts of the case" },
    el("ul", {}, view.counts.map(item)),
  );
}
