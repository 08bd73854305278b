// A backend service by openid-client: it registers itself, proves itself by a key, asks the FHIR server.
// https://hl7.org/fhir/smart-app-launch/backend-services.html

import assert from "node:assert/strict";
import { test } from "node:test";

import * as client from "openid-client";

const { SMART_FHIR } = process.env;
const local = { execute: [client.allowInsecureRequests] };
const CURVES = {
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  RS384: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-384",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
};

const answer = await fetch(`${SMART_FHIR}/.well-known/smart-configuration`);
const smart = await answer.json();

/** A service that has registered the public half of a new key. */
async function service(alg, scope, options) {
  const pair = await crypto.subtle.generateKey(CURVES[alg], true, ["sign", "verify"]);
  const jwk = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid: "one", alg };
  delete jwk.key_ops;
  const auth = client.PrivateKeyJwt({ key: pair.privateKey, kid: "one" }, options);
  const metadata = {
    client_name: `A service of the tests (${alg})`,
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "private_key_jwt",
    scope,
    jwks: { keys: [jwk] },
  };
  const config = await client.dynamicClientRegistration(
    new URL(smart.issuer),
    metadata,
    auth,
    local,
  );
  assert.equal(config.clientMetadata().token_endpoint_auth_method, "private_key_jwt");
  return config;
}

const ask = (path, token) =>
  fetch(`${SMART_FHIR}/${path}`, { headers: { authorization: `Bearer ${token}` } });

for (const alg of Object.keys(CURVES)) {
  test(`a service with a key of ${alg}`, async () => {
    const config = await service(alg, "system/Task.rs system/Goal.rs");
    const tokens = await client.clientCredentialsGrant(config, { scope: "system/Task.rs" });
    assert.equal(tokens.token_type, "bearer");
    assert.equal(tokens.scope, "system/Task.rs");
    assert.equal(tokens.refresh_token, undefined);

    const found = await ask("Task?_count=1", tokens.access_token);
    assert.equal(found.status, 200);
    assert.equal((await found.json()).entry[0].resource.resourceType, "Task");
    assert.equal((await ask("Goal?_count=1", tokens.access_token)).status, 403);

    const told = await client.tokenIntrospection(config, tokens.access_token);
    assert.deepEqual(
      [told.active, told.client_id, told.scope],
      [true, config.clientMetadata().client_id, "system/Task.rs"],
    );
    await client.tokenRevocation(config, tokens.access_token);
    assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), {
      active: false,
    });
  });
}

test("an assertion for the token endpoint, as SMART has it, and for scopes it has registered", async () => {
  let audience = smart.token_endpoint;
  const named = { [client.modifyAssertion]: (_, payload) => (payload.aud = audience) };
  const config = await service("ES384", "system/Task.rs", named);
  assert.ok(await client.clientCredentialsGrant(config, { scope: "system/Task.rs" }));
  for (const scope of ["system/Flag.rs", "patient/Task.rs"]) {
    await assert.rejects(client.clientCredentialsGrant(config, { scope }), {
      error: "invalid_scope",
    });
  }
  audience = "http://127.0.0.1:1/token";
  await assert.rejects(client.clientCredentialsGrant(config, { scope: "system/Task.rs" }), {
    error: "invalid_client",
  });
});
