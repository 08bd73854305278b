/** What a status is called, and its tone: good, warn, bad, or none. */

import { codeWords } from "./fields.js";

const TONES = {
  good: ["active", "completed", "achieved", "current", "improving", "sustaining"],
  warn: [
    "on-hold",
    "onhold",
    "waiting",
    "pending-info",
    "waitlist",
    "unknown",
    "worsening",
    "no-progress",
    "no-change",
    "not-done",
    "stopped",
  ],
  bad: ["failed", "rejected", "entered-in-error", "blocked", "not-achieved", "not-attainable"],
};

const TONE_OF = new Map(
  Object.entries(TONES).flatMap(([tone, members]) => members.map((code) => [code, tone])),
);

const WORDS = new Map([
  ["preparation", "Planned"],
  ["not-done", "Did not take place"],
  ["inprogress", "In progress"],
  ["onhold", "On hold"],
]);

const CLOSED = new Set([
  "completed",
  "cancelled",
  "rejected",
  "failed",
  "entered-in-error",
  "finished",
  "inactive",
]);

/** Return `{code, text, tone}` of a status; `words`: what it is called where that is stored. */
export function statusOf(code, words = "") {
  const key = typeof code === "string" ? code.replaceAll("_", "-").toLowerCase() : "";
  return {
    code: code ?? "",
    text: words || WORDS.get(key) || codeWords(key) || "No status",
    tone: TONE_OF.get(key) ?? "",
  };
}

/** Return whether nothing is left to be done in a status. */
export function isClosed(code) {
  return CLOSED.has(code);
}
