// A backend service counts open tasks: node service.mjs FHIR_BASE CLIENT_ID KEY_FILE
import { readFileSync } from "node:fs";
import * as oauth from "openid-client";

const [base, clientId, keyFile] = process.argv.slice(2);
const { issuer } = await (await fetch(`${base}/.well-known/smart-configuration`)).json();
const [jwk, curve] = [JSON.parse(readFileSync(keyFile)), { name: "ECDSA", namedCurve: "P-384" }];
const key = await crypto.subtle.importKey("jwk", jwk, curve, false, ["sign"]);
const config = await oauth.discovery(new URL(issuer), clientId, {}, oauth.PrivateKeyJwt(key), {
  execute: [oauth.allowInsecureRequests], // on this machine; leave it out where there is https
});
const { access_token } = await oauth.clientCredentialsGrant(config, { scope: "system/Task.rs" });
const url = new URL(`${base}/Task?status=in-progress&_summary=count`);
const answer = await oauth.fetchProtectedResource(config, access_token, url, "GET");
console.log((await answer.json()).total);
