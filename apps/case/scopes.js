/** What this app asks for: a person's own access, and no patient that must be chosen first. */

const TYPES = [
  "Patient",
  "Practitioner",
  "Organization",
  "EpisodeOfCare",
  "CareTeam",
  "CarePlan",
  "List",
  "Task",
  "Flag",
  "Goal",
  "Communication",
  "DocumentReference",
  "Observation",
  "Provenance",
];

const DATA = [
  "openid",
  "fhirUser",
  "offline_access",
  ...TYPES.map((type) => `user/${type}.rs`),
].join(" ");

/** An EHR may say which patient's chart is open. */
export const SCOPES = { ehr: `launch ${DATA}`, standalone: DATA };
