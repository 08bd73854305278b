/** The care manager's case page. */

import { connect, signIn } from "../shared/connect.js";
import { el, fill } from "../shared/dom.js";
import { NotSignedIn, SignInFailed } from "../shared/errors.js";
import { failure, welcome } from "../shared/states.js";
import { bar } from "./view/bar.js";
import { start } from "./router.js";

const WORDS =
  "Search the cases that you may see, and look at one with all that belongs to it. You sign in with your own account.";

async function begin() {
  const main = document.getElementById("main");
  try {
    const session = await connect();
    fill(document.getElementById("bar"), bar(session));
    start(session, main);
  } catch (error) {
    if (error instanceof NotSignedIn || error instanceof SignInFailed) {
      const said = error instanceof SignInFailed ? error.message : null;
      fill(main, welcome({ title: "Case page", words: WORDS, error: said, start: signIn }));
      return;
    }
    fill(main, el("h1", {}, "Case page"), failure(error, { retry: () => location.reload() }));
  }
}

begin();
