/** Contacts, changes and the summary on the page. */

import { el, fill, focusOn, time } from "../shared/dom.js";
import { day, isoDay } from "../shared/fhir.js";
import { empty } from "../shared/states.js";

const AT_FIRST = 4;

/** Return the contacts that are planned, and the last ones. */
export function contactLists({ planned, last }, names) {
  if (!planned.length && !last.length)
    return empty("No contacts yet", "Calls, visits and messages of the care team appear here.");
  const papers = [...planned, ...last].some((each) => each.papers.length);
  return [
    planned.length > 0 && [
      el("h3", {}, "Planned"),
      contactList(planned, names, "planned contacts"),
    ],
    last.length > 0 && [el("h3", {}, "Last contacts"), contactList(last, names, "contacts")],
    papers &&
      el(
        "p",
        { class: "muted small" },
        "Your care team keeps the papers; they cannot be opened here.",
      ),
  ];
}

/** Return a list of contacts: the first few, and a button for the others. */
function contactList(contacts, names, words) {
  const items = contacts.map((each, index) =>
    el("li", { "data-more": index >= AT_FIRST }, contact(each, names)),
  );
  const list = el("ul", { class: "rows contacts", role: "list" }, items);
  if (contacts.length <= AT_FIRST) return list;
  const button = el(
    "button",
    { type: "button", class: "button", onclick: open },
    `Show all ${contacts.length} ${words}`,
  );
  function open() {
    list.classList.add("contacts-all");
    button.remove();
    focusOn(items[AT_FIRST]);
  }
  return [list, button];
}

function contact(view, names) {
  const with_ =
    view.other && names.text(view.other)
      ? [view.own ? " to " : " with ", names.node(view.other)]
      : null;
  return [
    el(
      "p",
      { class: "row-over" },
      view.when ? time(view.when, day(view.when)) : "No date",
      view.state &&
        el(
          "span",
          { class: ["badge", view.state.tone && `badge-${view.state.tone}`] },
          view.state.words,
        ),
    ),
    el("p", { class: "row-title" }, view.title),
    el("p", { class: "muted small" }, view.how, with_),
    view.reason && el("p", { class: "small" }, `Reason: ${view.reason}`),
    view.said.map((words) => el("p", { class: "small" }, words)),
    view.papers.length > 0 &&
      el("p", { class: "muted small" }, `Papers: ${view.papers.join(", ")}`),
  ];
}

/** Return what changed lately, with the days it is about. */
export function changeList({ from, to, lately, more, before }) {
  if (!lately.length) return empty("Nothing yet", "No change is recorded.");
  const [first, last] = [day(isoDay(from)), day(isoDay(to))];
  return [
    el("p", { class: "muted small" }, `The 30 days up to the newest change: ${first} to ${last}.`),
    el("ul", { class: "rows changes", role: "list" }, lately.map(changeItem)),
    more > 0 && el("p", { class: "muted small" }, more === 1 ? "And 1 more." : `And ${more} more.`),
    before.length > 0 && [
      el("h3", { class: "small" }, "Before that"),
      el("ul", { class: "rows changes", role: "list" }, before.map(changeItem)),
    ],
  ];
}

function changeItem({ when, what, title, state }) {
  return el(
    "li",
    {},
    el("p", { class: "row-over" }, time(when, day(when))),
    el("p", {}, `${what}: ${title}`, state && el("span", { class: "muted" }, ` (${state})`)),
  );
}

/** Fill the line of links to the parts of the page. */
export function summary(nav, parts) {
  fill(
    nav,
    el(
      "ul",
      { role: "list" },
      parts.map(({ href, words, number }) =>
        el("li", {}, el("a", { href }, el("strong", {}, String(number)), ` ${words}`)),
      ),
    ),
  );
}
