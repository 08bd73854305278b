/**
 * Signing in by SMART App Launch, and the session that comes of it.
 * https://hl7.org/fhir/smart-app-launch/app-launch.html
 */

import FHIR from "fhirclient";
import { apiError, NotSignedIn, SessionExpired, SignInFailed, statusWords } from "./errors.js";
import { allows } from "./scopes.js";

// A public client has no other way to say who it is when it renews a token.
FHIR.oauth2.settings.refreshTokenWithClientId = true;

const RETURN = "come-back-to";
const NO_STATE = /^No ('state'|state) /;

/** Return what the server says to this app: `{fhir, clientId, logout}`. */
export async function settings() {
  const response = await fetch("config.json", { headers: { accept: "application/json" } }).catch(
    () => null,
  );
  if (!response) throw new SignInFailed(statusWords(0));
  if (!response.ok) throw new SignInFailed("This app is not set up on this server.");
  return response.json();
}

/**
 * Go to the authorization server. Called by launch.html, with or without `?iss=…&launch=…`.
 * `scopes`: `{ehr, standalone}`, what is asked for in the two kinds of launch.
 */
export async function launch(scopes) {
  const { fhir, clientId } = await settings();
  const params = new URLSearchParams(location.search);
  const iss = params.get("iss") ?? fhir;
  const handle = params.get("launch");
  if (bare(iss) !== bare(fhir)) {
    throw new SignInFailed(`This app works with ${fhir}, and was asked to open ${iss}.`);
  }
  // An EHR says what is opened; what was open before is not.
  if (handle) sessionStorage.removeItem(RETURN);
  // fhirclient lets the address override what is given to it: only these two may.
  const kept = handle ? `?${new URLSearchParams({ iss: fhir, launch: handle })}` : "";
  history.replaceState(null, "", location.pathname + kept);
  await FHIR.oauth2.authorize({
    iss: fhir,
    clientId,
    scope: handle ? scopes.ehr : scopes.standalone,
    redirectUri: new URL("./", location.href).href,
    pkceMode: "required",
    completeInTarget: true,
  });
}

/** Return the Session of this window; on the way back from the authorization server, make it. */
export async function connect() {
  const params = new URLSearchParams(location.search);
  if (params.has("error")) {
    const isOurs = sessionStorage.getItem(params.get("state") ?? "") !== null;
    tidyAddress();
    // what a page of somebody else put into the address is no answer to a sign-in of this window
    if (isOurs) throw new SignInFailed(refusal(params));
  }
  const returned = params.has("code");
  const given = await settings();
  let client;
  try {
    client = await FHIR.oauth2.ready();
  } catch (thrown) {
    tidyAddress();
    // A state that this window never made is nobody's sign-in.
    if (!returned || NO_STATE.test(thrown?.message)) throw new NotSignedIn();
    if (!thrown?.status) throw new SignInFailed(statusWords(0));
    throw new SignInFailed(
      "Signing in was not completed: it took too long, or was done twice. Please try again.",
    );
  }
  // Apps of one origin share this window's storage: the session may be another app's.
  const own =
    client.state.clientId === given.clientId && client.getState("tokenResponse.access_token");
  if (!own) throw new NotSignedIn();
  if (returned) comeBack();
  // A page that the browser kept does not come back after signing out.
  addEventListener(
    "pageshow",
    ({ persisted }) => persisted && !sessionStorage.getItem("SMART_KEY") && location.reload(),
  );
  return new Session(client, given);
}

/** Sign in anew, and come back to what the address says now. */
export function signIn() {
  sessionStorage.setItem(RETURN, location.pathname + location.search + location.hash);
  location.assign("launch");
}

function comeBack() {
  const to = sessionStorage.getItem(RETURN);
  sessionStorage.removeItem(RETURN);
  if (to?.startsWith(location.pathname)) history.replaceState(null, "", to);
}

/** Take out of the address what the authorization server put there. */
function tidyAddress() {
  const url = new URL(location.href);
  for (const each of ["code", "state", "error", "error_description", "error_uri", "iss"]) {
    url.searchParams.delete(each);
  }
  history.replaceState(null, "", url);
}

/** Somebody who signed in, and the FHIR server as that person may use it. */
export class Session {
  #client;
  #settings;

  constructor(client, given) {
    this.#client = client;
    this.#settings = given;
  }

  /** The id of the patient in context, or null. */
  get patient() {
    return this.#client.patient.id;
  }

  /** Who signed in: `Patient/M1`, `Practitioner/U1`, or null where the server does not say. */
  get user() {
    return this.#client.user.fhirUser;
  }

  /** Whether the app must say whose data it shows. */
  get needsBanner() {
    return this.#client.getState("tokenResponse.need_patient_banner") !== false;
  }

  /** The scopes that were granted. */
  get scopes() {
    return (this.#client.getState("tokenResponse.scope") ?? "").split(" ").filter(Boolean);
  }

  /** The FHIR base URL, without a slash at the end. */
  get base() {
    return bare(this.#client.state.serverUrl);
  }

  /**
   * Whether a scope allows `letter` (c r u d s) with a type. Only a hint for what to offer; the
   * server decides.
   */
  may(letter, type) {
    return this.scopes.some((scope) => allows(scope, letter, type));
  }

  /** GET a URL, absolute or relative to the base; throws ApiError. */
  get(url, { signal } = {}) {
    return this.#ask({ url: this.#within(url), signal });
  }

  /** PATCH a resource with a JSON Patch, if it is still the given version; return the new one. */
  patch(resource, operations) {
    return this.#ask({
      url: `${resource.resourceType}/${encodeURIComponent(resource.id)}`,
      method: "PATCH",
      headers: {
        "content-type": "application/json-patch+json",
        "if-match": `W/"${resource.meta.versionId}"`,
        prefer: "return=representation",
      },
      body: JSON.stringify(operations),
    });
  }

  /** Sign out here and at the authorization server; leaves the page if it has a page for that. */
  async logout() {
    await this.#revoke();
    forget();
    const { logout } = this.#settings;
    if (logout) location.assign(logout);
  }

  async #ask(request) {
    try {
      await this.#client.refreshIfNeeded();
    } catch (thrown) {
      // Not reached is no refusal: what comes next says so.
      if (thrown?.status) throw new SessionExpired();
    }
    try {
      return await this.#client.request(
        { cache: "no-store", ...request },
        { useRefreshToken: false },
      );
    } catch (thrown) {
      throw apiError(thrown);
    }
  }

  async #revoke() {
    const token =
      this.#client.getState("tokenResponse.refresh_token") ??
      this.#client.getState("tokenResponse.access_token");
    try {
      const found = await fetch(`${this.base}/.well-known/smart-configuration`);
      const { revocation_endpoint: endpoint } = await found.json();
      if (!token || !endpoint) return;
      const { clientId: client_id } = this.#settings;
      await fetch(endpoint, { method: "POST", body: new URLSearchParams({ token, client_id }) });
    } catch {
      // Signing out works without: the token ends by itself.
    }
  }

  /** A token goes to the server that it is for, whatever a link says. */
  #within(url) {
    const found = new URL(url, `${this.base}/`);
    if (!found.href.startsWith(`${this.base}/`)) throw apiError({ status: 400, message: "" });
    return found.href;
  }
}

function forget() {
  const key = sessionStorage.getItem("SMART_KEY");
  if (key) sessionStorage.removeItem(JSON.parse(key));
  sessionStorage.removeItem("SMART_KEY");
  sessionStorage.removeItem(RETURN);
}

function refusal(params) {
  if (params.get("error") === "access_denied") return "Signing in was cancelled.";
  return (
    params.get("error_description") ?? `Signing in was not completed (${params.get("error")}).`
  );
}

function bare(url) {
  return String(url).replace(/\/+$/, "");
}
