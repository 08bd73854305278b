/** What can go wrong between an app and its server, and how it is said to a person. */

/** An answer of the server that is no success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(status, words, outcome = null) {
    super(words);
    this.name = "ApiError";
    this.status = status;
    this.outcome = outcome;
  }
}

/** The token is no longer taken, and could not be renewed. */
export class SessionExpired extends ApiError {
  constructor(words = "Your session has ended.") {
    super(401, words);
    this.name = "SessionExpired";
  }
}

/** Nobody has signed in, in this window. */
export class NotSignedIn extends Error {
  constructor(words = "You are not signed in.") {
    super(words);
    this.name = "NotSignedIn";
  }
}

/** The authorization server said no, or the launch went wrong. */
export class SignInFailed extends Error {
  constructor(words) {
    super(words);
    this.name = "SignInFailed";
  }
}

const WORDS = new Map([
  [0, "The server cannot be reached. Check the connection and try again."],
  [400, "The server did not understand the request."],
  [403, "You are not allowed to do this."],
  [404, "It is not there, or you may not see it."],
  [409, "Somebody else changed this at the same time."],
  [410, "It was deleted."],
  [412, "Somebody else changed this in the meantime."],
  [422, "The server refused this."],
  [429, "That was a bit much at once. Wait a moment and try again."],
  [503, "The server is busy. Wait a moment and try again."],
]);

/** Return what an OperationOutcome says, one text for each issue that is more than information. */
export function outcomeTexts(outcome) {
  if (outcome?.resourceType !== "OperationOutcome" || !Array.isArray(outcome.issue)) return [];
  const said = outcome.issue
    .filter((issue) => issue?.severity !== "information")
    .map((issue) => issue?.details?.text ?? issue?.diagnostics ?? issue?.code)
    .filter((text) => typeof text === "string" && text !== "");
  return [...new Set(said)];
}

/** Return the sentence for a status that no OperationOutcome explains. */
export function statusWords(status) {
  return (
    WORDS.get(status) ??
    (status >= 500
      ? "The server made a mistake. Try again later."
      : `The server answered ${status}.`)
  );
}

/** Return an ApiError for what `fhirclient` threw. */
export function apiError(thrown) {
  if (thrown instanceof ApiError) return thrown;
  const status = thrown?.status ?? thrown?.statusCode;
  if (!status) return new ApiError(0, WORDS.get(0));
  // fhirclient reads the body of a refusal, and keeps it only as text below the status line.
  const outcome = embedded(thrown.message);
  if (status === 401) return new SessionExpired();
  return new ApiError(status, outcomeTexts(outcome).join(" ") || statusWords(status), outcome);
}

function embedded(message) {
  const from = message.indexOf("\n\n{");
  if (from < 0) return null;
  try {
    return JSON.parse(message.slice(from, message.lastIndexOf("}") + 1));
  } catch {
    return null;
  }
}
