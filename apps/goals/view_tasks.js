/** The tasks on the page, and marking one as done. */

import { announce, el, fill, focusOn } from "../shared/dom.js";
import { SessionExpired } from "../shared/errors.js";
import { day } from "../shared/fhir.js";
import { empty } from "../shared/states.js";
import { completion, conflict, reopening, sorted, taskView } from "./tasks.js";

/** Shows tasks; `changed(task)` is told of a newer version, `expired()` of a session that ended. */
export class TaskList {
  #session;
  #names;
  #told;

  constructor(session, names, told) {
    this.#session = session;
    this.#names = names;
    this.#told = told;
  }

  /** Return the lists of open, coming and closed tasks. */
  nodes(tasks, now = Date.now()) {
    const { open, coming, closed } = sorted(tasks, now);
    return [
      open.length
        ? el(
            "ul",
            { class: "rows tasks", role: "list" },
            open.map((view) => this.#item(view)),
          )
        : empty("Nothing to do", "There is no open task."),
      this.#folded("Being prepared", coming),
      this.#folded("Done or ended", closed),
    ];
  }

  #folded(title, views) {
    if (!views.length) return null;
    return el(
      "details",
      { class: "group-closed" },
      el(
        "summary",
        {},
        el("h3", {}, title, " ", el("span", { class: "count" }, String(views.length))),
      ),
      el(
        "ul",
        { class: "rows", role: "list" },
        views.map((view) => el("li", {}, this.#words(view))),
      ),
    );
  }

  #item(view) {
    const item = el("li", { class: "task", id: `task-${view.id}` });
    this.#offer(item, view);
    return item;
  }

  /** Show a task with its button; `notice`: what to say about it. */
  #offer(item, view, notice = null) {
    const may = view.open && this.#session.may("u", "Task");
    const button = el(
      "button",
      {
        type: "button",
        class: "button task-done",
        "aria-label": `Mark as done: ${view.title}`,
        onclick: () => this.#complete(item, view, button),
      },
      "Mark as done",
    );
    fill(item, this.#words(view), notice, may && el("p", { class: "task-actions" }, button));
  }

  #words(view) {
    return [
      el("p", { class: "row-title" }, view.title),
      el(
        "p",
        { class: "row-over" },
        when(view),
        el(
          "span",
          { class: ["badge", view.state.tone && `badge-${view.state.tone}`] },
          view.state.words,
        ),
        view.urgent && view.open && el("span", { class: "badge badge-warn" }, "urgent"),
      ),
      view.owner &&
        this.#names.text(view.owner) &&
        el("p", { class: "muted small" }, "With ", this.#names.node(view.owner)),
    ];
  }

  async #complete(item, view, button) {
    const before = view.task;
    const after = await this.#send(item, view, button, completion(before, Date.now()), "done");
    if (!after) return;
    this.#done(item, taskView(after, Date.now()), before);
    announce(`Marked as done: ${view.title}`);
    this.#told.changed(after);
  }

  #done(item, view, before) {
    const undo = el(
      "button",
      {
        type: "button",
        class: "button",
        "aria-label": `Undo: mark as not done: ${view.title}`,
        onclick: () => this.#undo(item, view, before, undo),
      },
      "Undo",
    );
    const said = el("p", { class: "notice notice-good" }, "Marked as done.");
    fill(item, this.#words(view), said, el("p", { class: "task-actions" }, undo));
    focusOn(said);
  }

  async #undo(item, view, before, button) {
    const after = await this.#send(item, view, button, reopening(view.task, before), "open again");
    if (!after) return;
    this.#offer(
      item,
      taskView(after, Date.now()),
      el("p", { class: "notice" }, "This task is open again."),
    );
    focusOn(item.querySelector(".task-done"));
    announce(`Open again: ${view.title}`);
    this.#told.changed(after);
  }

  /** Send a change; return the new task, or null after telling what went wrong. */
  async #send(item, view, button, operations, aim) {
    if (button.getAttribute("aria-disabled")) return null;
    const words = button.textContent;
    button.setAttribute("aria-disabled", "true");
    button.textContent = "Saving…";
    try {
      return await this.#session.patch(view.task, operations);
    } catch (error) {
      button.removeAttribute("aria-disabled");
      button.textContent = words;
      await this.#failed(item, view, error, aim);
      return null;
    }
  }

  async #failed(item, view, error, aim) {
    if (error instanceof SessionExpired) {
      this.#refused(item, "Not saved: your session has ended.");
      this.#told.expired();
    } else if ([404, 409, 410, 412].includes(error.status)) {
      await this.#outrun(item, view, error);
    } else {
      const title = aim === "done" ? "Not marked as done." : "Not changed.";
      this.#refused(item, `${title} ${error.message}`);
    }
  }

  /** Somebody was faster: show the task as it is now, and let the member decide again. */
  async #outrun(item, view, error) {
    let now;
    try {
      now = await this.#session.get(`Task/${encodeURIComponent(view.id)}`);
    } catch (again) {
      if (again instanceof SessionExpired) this.#told.expired();
      const gone = [404, 410].includes(again.status);
      this.#refused(
        item,
        gone ? "Not saved: this task is no longer there." : `Not saved. ${error.message}`,
      );
      return;
    }
    const { words, details, again } = conflict(view.task, now, this.#names.known);
    const notice = el(
      "div",
      { class: "notice notice-warn task-conflict", role: "alert" },
      el("p", {}, words),
      details.length > 0 &&
        el(
          "ul",
          {},
          details.map((each) => el("li", {}, each)),
        ),
    );
    this.#offer(item, taskView(now, Date.now()), notice);
    focusOn(again ? item.querySelector(".task-done") : notice);
    this.#told.changed(now);
  }

  #refused(item, words) {
    item.querySelector(".notice")?.remove();
    const notice = el("p", { class: "notice notice-bad", role: "alert" }, words);
    const actions = item.querySelector(".task-actions");
    if (actions) actions.before(notice);
    else item.append(notice);
  }
}

function when(view) {
  if (view.ended)
    return el("span", {}, `${view.status === "completed" ? "Done" : "Ended"} ${day(view.ended)}`);
  if (view.ended === "") return null;
  return view.dueWords && el("span", { class: view.overdue && "late" }, sentence(view.dueWords));
}

function sentence(words) {
  return words[0].toUpperCase() + words.slice(1);
}
