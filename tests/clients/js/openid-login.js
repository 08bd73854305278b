// openid-client signs somebody in: it prints where to go, reads where that led, prints what it got.
// It checks state, nonce, the signature and the claims of the ID token by itself.
// https://github.com/panva/openid-client

import { createInterface } from "node:readline/promises";

import * as client from "openid-client";

const { SMART_ISSUER, SMART_FHIR, SMART_CLIENT_ID, SMART_REDIRECT, SMART_SCOPE } = process.env;

const config = await client.discovery(
  new URL(SMART_ISSUER),
  SMART_CLIENT_ID,
  undefined,
  client.None(),
  { execute: [client.allowInsecureRequests] },
);
client.enableNonRepudiationChecks(config); // looks up the key of the ID token's signature
const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: SMART_REDIRECT,
  scope: SMART_SCOPE,
  aud: SMART_FHIR,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
console.log(url.href);

const lines = createInterface({ input: process.stdin });
const back = new URL(await lines.question(""));
lines.close();

const tokens = await client.authorizationCodeGrant(config, back, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
await client.tokenRevocation(config, renewed.refresh_token);
const revoked = await client
  .refreshTokenGrant(config, renewed.refresh_token)
  .then(() => "taken", (error) => error.error);
console.log(
  JSON.stringify({ claims: tokens.claims(), renewed: renewed.claims(), patient: tokens.patient, revoked }),
);
