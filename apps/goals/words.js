/** Codes of FHIR R4 and of the platform in a member's words. */

/** Life cycle groups in the order they are shown: name, codes, whether it is still going on. */
export const GROUPS = [
  { key: "active", title: "Active", codes: ["active"], open: true },
  { key: "on-hold", title: "On hold", codes: ["on-hold"], open: true },
  { key: "coming", title: "Coming up", codes: ["proposed", "planned", "accepted"], open: true },
  { key: "completed", title: "Completed", codes: ["completed"], open: false },
  { key: "ended", title: "Cancelled or declined", codes: ["cancelled", "rejected"], open: false },
];

/** A life cycle status that no group knows. */
export const OTHER = { key: "other", title: "Other", codes: [], open: true };

/** What a goal's life cycle status means: https://hl7.org/fhir/R4/valueset-goal-status.html */
export const LIFE_CYCLE = {
  proposed: "proposed",
  planned: "planned",
  accepted: "accepted",
  active: "active",
  "on-hold": "on hold",
  completed: "completed",
  cancelled: "cancelled",
  rejected: "declined",
};

/** https://hl7.org/fhir/R4/valueset-goal-achievement.html: words, tone, and which way it goes. */
export const ACHIEVEMENT = {
  "in-progress": { words: "In progress", tone: "", trend: "flat" },
  improving: { words: "Improving", tone: "good", trend: "up" },
  worsening: { words: "Getting worse", tone: "warn", trend: "down" },
  "no-change": { words: "No change", tone: "", trend: "flat" },
  achieved: { words: "Achieved", tone: "good", trend: "done" },
  sustaining: { words: "Achieved and kept up", tone: "good", trend: "done" },
  "not-achieved": { words: "Not achieved", tone: "bad", trend: "not" },
  "no-progress": { words: "No progress yet", tone: "warn", trend: "flat" },
  "not-attainable": { words: "Out of reach", tone: "bad", trend: "not" },
};

/** https://hl7.org/fhir/R4/valueset-task-status.html */
export const TASK_STATUS = {
  draft: { words: "being prepared", tone: "" },
  requested: { words: "requested", tone: "" },
  received: { words: "received", tone: "" },
  accepted: { words: "accepted", tone: "" },
  ready: { words: "ready to start", tone: "" },
  "in-progress": { words: "in progress", tone: "" },
  "on-hold": { words: "on hold", tone: "warn" },
  completed: { words: "done", tone: "good" },
  cancelled: { words: "cancelled", tone: "" },
  rejected: { words: "declined", tone: "" },
  failed: { words: "could not be done", tone: "bad" },
};

/** https://hl7.org/fhir/R4/valueset-request-priority.html */
export const PRIORITY = {
  routine: "normal",
  urgent: "urgent",
  asap: "as soon as possible",
  stat: "at once",
};

/** How a contact was made: the platform's codes, then those of HL7. */
export const MEDIUM = {
  phone: "Phone call",
  video: "Video call",
  email: "Email",
  text: "Text message",
  letter: "Letter",
  "in-person": "Visit",
  PHONE: "Phone call",
  VIDEOCONF: "Video call",
  EMAILWRIT: "Email",
  SMSWRIT: "Text message",
  MAILWRIT: "Letter",
  FAXWRIT: "Fax",
  PHYSICAL: "Visit",
};

/** https://hl7.org/fhir/R4/valueset-event-status.html, of a contact. */
export const CONTACT_STATUS = {
  preparation: { words: "planned", tone: "" },
  "in-progress": { words: "going on", tone: "" },
  "on-hold": { words: "on hold", tone: "warn" },
  "not-done": { words: "did not take place", tone: "warn" },
  stopped: { words: "ended early", tone: "warn" },
  unknown: { words: "not known whether it took place", tone: "" },
};

/** Units as UCUM writes them, where people write them otherwise: one, several. */
export const UNITS = {
  min: ["minute", "minutes"],
  h: ["hour", "hours"],
  d: ["day", "days"],
  wk: ["week", "weeks"],
  mo: ["month", "months"],
  a: ["year", "years"],
};
