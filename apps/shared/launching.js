/** What launch.html does: go to the authorization server, or say why not. */

import { launch } from "./connect.js";
import { el, fill } from "./dom.js";
import { failure } from "./states.js";

/** Launch with the scopes of an app; see `launch` in connect.js. */
export async function launchPage(scopes) {
  try {
    await launch(scopes);
  } catch (error) {
    const main = document.getElementById("main");
    const retry = () => location.assign("launch");
    fill(
      main,
      el("h1", {}, document.title),
      failure(error, { title: "Signing in could not begin", retry }),
    );
  }
}
