/** My goals: what a member sees of her care. */

import { connect } from "../shared/connect.js";
import { announce, el, fill, focusOn } from "../shared/dom.js";
import { SessionExpired, SignInFailed } from "../shared/errors.js";
import { dayAndTime, nameOf, query, searchAll } from "../shared/fhir.js";
import { expired, failure, loading, welcome } from "../shared/states.js";
import { changes } from "./changes.js";
import { contacts } from "./contacts.js";
import { grouped } from "./goals.js";
import { Names } from "./names.js";
import { sorted } from "./tasks.js";
import { changeList, contactLists, summary } from "./view_aside.js";
import { goalGroups } from "./view_goals.js";
import { TaskList } from "./view_tasks.js";

const ABOUT =
  "See the goals you agreed on with your care team, what is to be done, and who was in touch with you.";
const TYPES = ["Goal", "Task", "Communication"];

const [bar, main] = [document.getElementById("bar"), document.getElementById("main")];

async function start() {
  let session;
  try {
    session = await connect();
  } catch (error) {
    show(error);
    return;
  }
  if (session.patient) await new Page(session).open();
  else show(new SignInFailed("Nobody was chosen whose goals could be shown."));
}

function show(error, words = ABOUT) {
  const said = error?.name === "NotSignedIn" ? null : error?.message;
  fill(bar);
  fill(
    main,
    welcome({ title: "My goals", words, error: said, action: said ? "Sign in again" : "Sign in" }),
  );
  main.setAttribute("aria-busy", "false");
}

/** The page of one member. */
class Page {
  #session;
  #names = new Names();
  #tasks;
  #found = new Map();
  #parts;

  constructor(session) {
    this.#session = session;
    const told = { changed: (task) => this.#changed(task), expired: () => this.#expired() };
    this.#tasks = new TaskList(session, this.#names, told);
  }

  /** Show the page, and fill it part by part as the answers come. */
  async open() {
    this.#layout();
    addEventListener("beforeprint", () => this.#unfold(true));
    addEventListener("afterprint", () => this.#unfold(false));
    await this.#load();
  }

  #layout() {
    const own = this.#session.user?.startsWith("Patient/") ?? true;
    const title = own ? "My goals" : "Goals";
    this.#parts = {
      notices: el("div", { id: "notices" }),
      banner: el("div", { class: "banner", role: "region", "aria-label": "Member" }),
      asOf: el("p", { class: "as-of muted small" }),
      nav: el("nav", { class: "summary", "aria-label": "On this page" }),
      Goal: body(),
      Task: body(),
      Communication: body(),
      changes: body(),
    };
    this.#refreshButton = el(
      "button",
      { type: "button", class: "button", onclick: () => this.#refresh() },
      "Refresh",
    );
    fill(
      bar,
      el(
        "header",
        { class: "app-bar" },
        el("span", { class: "grow brand" }, "My goals"),
        this.#refreshButton,
        el(
          "button",
          { type: "button", class: "button app-print", onclick: () => print() },
          "Print",
        ),
        el("button", { type: "button", class: "button", onclick: () => this.#leave() }, "Sign out"),
      ),
    );
    const { notices, banner, nav, Goal, Task, Communication, changes: lately } = this.#parts;
    fill(
      main,
      notices,
      banner,
      el("h1", {}, title),
      this.#parts.asOf,
      nav,
      el(
        "div",
        { class: "columns" },
        el("div", { class: "column-wide" }, part("goals", "Goals", Goal, "visually-hidden")),
        el(
          "div",
          { class: "column" },
          part("tasks", "Open tasks", Task),
          part("contacts", "Contacts", Communication),
          part("changes", "What changed lately", lately),
        ),
      ),
    );
    main.setAttribute("aria-busy", "true");
  }

  #refreshButton;

  async #load() {
    const patient = this.#session.patient;
    await Promise.all([this.#banner(), ...TYPES.map((type) => this.#fetch(type, patient))]);
    this.#together();
    main.setAttribute("aria-busy", "false");
    await this.#names.complete(this.#session);
  }

  /** Fetch all of a type and show it; what stood there stays where that fails. */
  async #fetch(type, patient) {
    const asked = Date.now();
    const place = this.#parts[type];
    try {
      const { resources, complete } = await searchAll(
        this.#session,
        query(type, { patient, _count: 100 }),
      );
      this.#found.set(type, resources);
      this.#names.learn(resources);
      this.#parts.unnamed?.();
      this.#draw(type);
      fill(this.#parts.asOf, `As of ${dayAndTime(new Date(asked).toISOString())}`);
      if (!complete)
        place.append(el("p", { class: "notice" }, "There is more than can be shown here."));
    } catch (error) {
      this.#failed(place, type, error);
    }
  }

  #failed(place, type, error) {
    if (error instanceof SessionExpired) this.#expired();
    const words = { title: `${WHAT[type]} could not be loaded`, retry: () => this.#again(type) };
    const shown = error instanceof SessionExpired ? null : failure(error, words);
    if (!this.#found.has(type))
      fill(place, shown ?? el("p", { class: "muted" }, "Not loaded: your session has ended."));
    else if (shown) {
      place.querySelector(":scope > .state-failure")?.remove();
      place.prepend(shown);
    }
  }

  async #again(type) {
    fill(this.#parts[type], loading());
    await this.#fetch(type, this.#session.patient);
    this.#together();
    focusOn(document.getElementById(HEADINGS[type]));
    await this.#names.complete(this.#session);
  }

  #draw(type) {
    const resources = this.#found.get(type);
    const now = Date.now();
    if (type === "Goal")
      fill(this.#parts.Goal, goalGroups(grouped(resources, now), this.#names), mistakes(resources));
    if (type === "Task") fill(this.#parts.Task, this.#tasks.nodes(resources, now));
    if (type === "Communication")
      fill(
        this.#parts.Communication,
        contactLists(contacts(resources, this.#session.patient, now), this.#names),
      );
  }

  /** Show what is made of all the parts: changes, and the line of numbers. */
  #together() {
    const now = Date.now();
    const all = [...this.#found.values()].flat();
    const missing = TYPES.some((type) => !this.#found.has(type));
    fill(
      this.#parts.changes,
      missing &&
        el(
          "p",
          { class: "muted small" },
          this.#found.size ? "Not all parts could be loaded; there may be more." : "Not loaded.",
        ),
      this.#found.size > 0 && changeList(changes(all, now)),
    );
    const goals = grouped(this.#found.get("Goal") ?? [], now);
    const active = goals.find((group) => group.key === "active")?.goals.length ?? 0;
    const open = sorted(this.#found.get("Task") ?? [], now).open.length;
    const known = this.#found.get("Communication") ?? [];
    const { planned, last } = contacts(known, this.#session.patient, now);
    const met = planned.length + last.length;
    summary(
      this.#parts.nav,
      [
        this.#found.has("Goal") && {
          href: "#goals",
          number: active,
          words: active === 1 ? "active goal" : "active goals",
        },
        this.#found.has("Task") && {
          href: "#tasks",
          number: open,
          words: open === 1 ? "open task" : "open tasks",
        },
        this.#found.has("Communication") && {
          href: "#contacts",
          number: met,
          words: met === 1 ? "contact" : "contacts",
        },
      ].filter(Boolean),
    );
  }

  async #banner() {
    const id = this.#session.patient;
    const { banner } = this.#parts;
    if (!this.#session.needsBanner) {
      banner.remove();
      return;
    }
    const write = (name) =>
      fill(
        banner,
        el("p", { class: "banner-name" }, name),
        name !== id && el("p", { class: "muted" }, `Member ${id}`),
      );
    write(id);
    try {
      write(nameOf(await this.#session.get(`Patient/${encodeURIComponent(id)}`)));
    } catch (error) {
      // The goals tell the name too, where it is stored with them; the id is right in any case.
      if (error instanceof SessionExpired) this.#expired();
      this.#parts.unnamed = () => write(this.#names.text({ reference: `Patient/${id}` }) || id);
      this.#parts.unnamed();
    }
  }

  #changed(task) {
    const tasks = this.#found.get("Task");
    if (!tasks) return;
    this.#found.set(
      "Task",
      tasks.map((each) => (each.id === task.id ? task : each)),
    );
    this.#together();
  }

  async #refresh() {
    if (this.#refreshButton.getAttribute("aria-disabled")) return;
    this.#refreshButton.setAttribute("aria-disabled", "true");
    main.setAttribute("aria-busy", "true");
    await this.#load();
    this.#refreshButton.removeAttribute("aria-disabled");
    if (!this.#parts.notices.childElementCount) announce("The page is up to date.");
  }

  /** Keep what is on the screen, and offer to sign in again. */
  #expired() {
    if (this.#parts.notices.childElementCount) return;
    const notice = expired();
    fill(this.#parts.notices, notice);
    for (const each of main.querySelectorAll(".task-actions button"))
      each.setAttribute("aria-disabled", "true");
    focusOn(notice);
  }

  async #leave() {
    await this.#session.logout();
    show(null, "You are signed out.");
    focusOn(main.querySelector("h1"));
  }

  /** Paper cannot be unfolded: print what is folded, and fold it again after. */
  #unfold(printing) {
    for (const each of main.querySelectorAll("details")) {
      if (printing && !each.open) each.dataset.folded = "";
      if ("folded" in each.dataset) each.open = printing;
      if (!printing) delete each.dataset.folded;
    }
  }
}

const WHAT = { Goal: "Your goals", Task: "Your tasks", Communication: "Your contacts" };
const HEADINGS = { Goal: "goals", Task: "tasks", Communication: "contacts" };

function body() {
  return el("div", { class: "part-body" }, loading());
}

function part(id, title, content, headingClass) {
  return el(
    "section",
    { class: "part", "aria-labelledby": id },
    el("h2", { id, class: headingClass, tabindex: "-1" }, title),
    content,
  );
}

function mistakes(goals) {
  const number = goals.filter((goal) => goal.lifecycleStatus === "entered-in-error").length;
  if (!number) return null;
  return el(
    "p",
    { class: "muted small" },
    number === 1
      ? "One goal that was recorded by mistake is not shown."
      : `${number} goals that were recorded by mistake are not shown.`,
  );
}

start();
