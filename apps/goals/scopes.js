/** What this app asks for. */

const DATA =
  "openid fhirUser offline_access patient/Patient.r patient/Goal.rs patient/Task.rus " +
  "patient/Communication.rs patient/Practitioner.rs";

/** An EHR says whose goals; without one, the authorization server asks. */
export const SCOPES = { ehr: `launch ${DATA}`, standalone: `launch/patient ${DATA}` };
