/** What stands on the page where data would: being fetched, none, an error, no session. */

import { signIn } from "./connect.js";
import { el } from "./dom.js";

/** Return a box that says that something is being fetched. */
export function loading(words = "Loading…") {
  return el(
    "div",
    { class: "state state-loading", role: "status" },
    el("span", { class: "spinner", "aria-hidden": "true" }),
    el("p", {}, words),
  );
}

/** Return a box that says that there is nothing. */
export function empty(title, words) {
  return el(
    "div",
    { class: "state state-empty" },
    el("p", { class: "state-title" }, title),
    words && el("p", {}, words),
  );
}

/** Return a box with an error in words; `retry`: what a "Try again" button does. */
export function failure(error, { title = "This did not work", retry } = {}) {
  return el(
    "div",
    { class: "state state-failure", role: "alert" },
    el("p", { class: "state-title" }, title),
    el("p", {}, error?.message || String(error)),
    retry &&
      el("p", {}, el("button", { type: "button", class: "button", onclick: retry }, "Try again")),
  );
}

/** Return a bar to put above what is on the screen: it stays, and signing in again is offered. */
export function expired({ again = signIn } = {}) {
  return el(
    "div",
    { class: "state state-expired", role: "alert" },
    el("p", { class: "state-title" }, "Your session has ended"),
    el("p", {}, "What you see may be out of date, and cannot be changed until you sign in again."),
    el(
      "p",
      {},
      el("button", { type: "button", class: "button-primary", onclick: again }, "Sign in again"),
    ),
  );
}

/** Return the page of somebody who has not signed in. */
export function welcome({ title, words, error, action = "Sign in", start = signIn }) {
  return el(
    "section",
    { class: "card welcome", "aria-labelledby": "welcome" },
    el("h1", { id: "welcome" }, title),
    error && el("p", { class: "notice notice-bad", role: "alert" }, error),
    el("p", {}, words),
    el("p", {}, el("button", { type: "button", class: "button-primary", onclick: start }, action)),
  );
}
