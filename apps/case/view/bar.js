/** The bar at the top: what this is, who signed in, signing out. */

import { el, fill } from "../../shared/dom.js";
import { welcome } from "../../shared/states.js";

/** Return the bar. */
export function bar(session) {
  const key = session.user?.split("/").slice(-2).join("/");
  const who = el("span", { "data-ref": key }, key?.split("/")[1]);
  return el(
    "header",
    { class: "app-bar" },
    el("a", { class: "brand", href: "?" }, "Case page"),
    el("span", { class: "grow" }),
    session.user && el("span", { class: "signed-in muted" }, "Signed in: ", who),
    el("button", { type: "button", class: "button", onclick: () => leave(session) }, "Sign out"),
  );
}

async function leave(session) {
  await session.logout();
  // Where the server has no page for signing out, this one shows that it is done.
  fill(document.getElementById("bar"));
  fill(
    document.getElementById("main"),
    welcome({
      title: "You are signed out",
      words: "Nothing of what you saw is kept in this window.",
    }),
  );
}
