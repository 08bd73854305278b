import assert from "node:assert/strict";
import { test } from "node:test";

import fhirclient from "fhirclient/lib/HttpError.js";

import { apiError, ApiError, outcomeTexts, SessionExpired, statusWords } from "./errors.js";
import { allows } from "./scopes.js";

/** What fhirclient throws for an answer. */
const thrown = (status, body, type = "application/fhir+json") =>
  new fhirclient.default(new Response(body, { status, headers: { "content-type": type } })).parse();

const outcome = (...issue) => JSON.stringify({ resourceType: "OperationOutcome", issue });

test("the words of an OperationOutcome reach the reader", async () => {
  const error = apiError(
    await thrown(
      422,
      outcome(
        { severity: "error", diagnostics: "Task.status: {no}" },
        { severity: "warning", details: { text: "And this." }, diagnostics: "not this" },
      ),
    ),
  );
  assert.ok(error instanceof ApiError);
  assert.equal(error.status, 422);
  assert.equal(error.message, "Task.status: {no} And this.");
  assert.equal(error.outcome.resourceType, "OperationOutcome");
});

test("an answer without words gets those of its status", async () => {
  assert.equal(apiError(await thrown(403, "")).message, "You are not allowed to do this.");
  assert.equal(
    apiError(await thrown(502, "<html>", "text/html")).message,
    "The server made a mistake. Try again later.",
  );
  assert.equal(
    apiError(await thrown(418, "{", "application/json")).message,
    "The server answered 418.",
  );
});

test("a 401 is the end of the session, also as fhirclient adds to it", async () => {
  const error = await thrown(401, outcome({ severity: "error", code: "login" }));
  error.message += "\nSession expired! Please re-launch the app";
  assert.ok(apiError(error) instanceof SessionExpired);
});

test("no answer at all is told from a refusal", () => {
  const error = apiError(new TypeError("Failed to fetch"));
  assert.equal(error.status, 0);
  assert.equal(error.message, statusWords(0));
  assert.equal(apiError(error), error);
});

test("only what is more than information is said, and once", () => {
  const issues = [
    { severity: "information", diagnostics: "i" },
    { severity: "error", diagnostics: "e" },
    { severity: "error", diagnostics: "e" },
    { severity: "error", code: "c" },
    null,
  ];
  assert.deepEqual(outcomeTexts({ resourceType: "OperationOutcome", issue: issues }), ["e", "c"]);
  assert.deepEqual(outcomeTexts({ resourceType: "Task" }), []);
  assert.deepEqual(outcomeTexts(null), []);
});

test("a scope allows its letters for its type, in both versions", () => {
  assert.ok(allows("patient/Task.rus", "u", "Task"));
  assert.ok(!allows("patient/Task.rs", "u", "Task"));
  assert.ok(!allows("patient/Goal.rus", "u", "Task"));
  assert.ok(allows("user/*.cruds?status=ready", "d", "Task"));
  assert.ok(allows("patient/Task.read", "s", "Task"));
  assert.ok(!allows("patient/Task.read", "u", "Task"));
  assert.ok(allows("patient/Task.write", "u", "Task"));
  assert.ok(allows("patient/*.*", "c", "Task"));
  for (const scope of ["openid", "launch/patient", "", "patient/"])
    assert.ok(!allows(scope, "r", "Patient"));
});
