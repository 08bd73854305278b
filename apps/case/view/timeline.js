/** Interactions, log and documents on one line of time. */

import { el, fill } from "../../shared/dom.js";
import { headed, KINDS } from "../model/timeline.js";
import { section } from "./sections.js";
import { badge, fhirButton, hiddenBadge, icon, moment, paragraphs, person } from "./pieces.js";

/**
 * Return `{node, show}`: the section, and a function to show one kind of entries. `kind`: which one is
 * shown, "" for all; `choose(kind)` is told of a choice.
 */
export function timelineSection(view, { names, open, kind, choose }) {
  const body = el("div", { class: "timeline", "aria-live": "off" });
  const choices = [{ kind: "", many: "All" }, ...KINDS].map((each) => {
    const count = view.timeline.filter((entry) => !each.kind || entry.kind === each.kind).length;
    const onclick = () => show(each.kind, true);
    return el(
      "button",
      { type: "button", class: "choice", "data-kind": each.kind || "all", onclick },
      each.many,
      " ",
      el("span", { class: "count" }, String(count)),
    );
  });

  function show(wanted, chosen = false) {
    const shown = view.timeline.filter((entry) => !wanted || entry.kind === wanted);
    for (const button of choices)
      button.setAttribute("aria-pressed", String(button.dataset.kind === (wanted || "all")));
    fill(
      body,
      shown.length
        ? headed(shown).map((group) => entryGroup(group, { names, open }))
        : el("p", { class: "muted" }, "Nothing of this kind."),
    );
    if (chosen) choose(wanted);
  }

  show(KINDS.some((each) => each.kind === kind) ? kind : "");
  const group = el(
    "div",
    { class: "choices", role: "group", "aria-label": "What the time line shows" },
    choices,
  );
  const node = section(
    "timeline",
    "Time line",
    { count: view.timeline.length, none: "Nothing is recorded." },
    view.timeline.length > 0 && [group, body],
  );
  return { node, show };
}

function entryGroup({ title, entries }, context) {
  return [
    el("h3", { class: "month" }, title),
    el(
      "ol",
      { class: "entries" },
      entries.map((entry) => entryItem(entry, context)),
    ),
  ];
}

function entryItem(entry, { names, open }) {
  const { one } = KINDS.find(({ kind }) => kind === entry.kind);
  const who = entry.people.map(({ word, who: people }, position) => [
    position > 0 && " ",
    `${word} `,
    people.map((each, index) => [index > 0 && ", ", person(each, names)]),
  ]);
  return el(
    "li",
    { class: ["entry", `entry-${entry.kind}`] },
    el("span", { class: "entry-icon" }, icon(entry.kind)),
    el(
      "div",
      { class: "thing-main" },
      el("p", { class: "sub" }, one, " · ", moment(entry.when)),
      el(
        "p",
        { class: "thing-title" },
        entry.title,
        " ",
        el(
          "span",
          { class: "badges" },
          entry.status?.code !== "completed" && badge(entry.status),
          hiddenBadge(entry),
        ),
      ),
      el("div", { class: "entry-text" }, paragraphs(entry.text)),
      (entry.facts.length > 0 || who.length > 0) &&
        el(
          "p",
          { class: "sub" },
          entry.facts.join(" · "),
          entry.facts.length > 0 && who.length > 0 && " · ",
          who,
        ),
      entry.file && el("p", { class: "sub entry-file" }, entry.file),
    ),
    fhirButton(entry, `${one}: ${entry.title}`, { open }),
  );
}
