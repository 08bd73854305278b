// An app with a server of its own: fhirclient goes through the launch, and shows what it gets as JSON.
// Prints its launch URL once it listens. https://docs.smarthealthit.org/client-js/node.html

import { createServer } from "node:http";

import smart from "fhirclient";

const { SMART_PORT, SMART_CLIENT_ID, SMART_FHIR, SMART_SCOPE } = process.env;
const origin = `http://127.0.0.1:${SMART_PORT}`;
const sessions = new Map();

/** What fhirclient keeps of a browser, which its cookie names. */
class Session {
  #kept = new Map();

  async get(key) {
    return this.#kept.get(key);
  }

  async set(key, value) {
    this.#kept.set(key, value);
    return value;
  }

  async unset(key) {
    return this.#kept.delete(key);
  }
}

function sessionOf(request, response) {
  let id = /session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (!sessions.has(id)) {
    id = crypto.randomUUID();
    sessions.set(id, new Session());
    response.setHeader("set-cookie", `session=${id}; HttpOnly; SameSite=Lax`);
  }
  return sessions.get(id);
}

async function shown(client) {
  const patient = await client.patient.read();
  const goals = await client.patient.request("Goal?_count=2", { pageLimit: 0, flat: true });
  return {
    patient,
    goals,
    user: client.user.fhirUser,
    tokenResponse: client.state.tokenResponse,
  };
}

const pages = {
  "/launch": (api) =>
    api.authorize({
      iss: SMART_FHIR,
      clientId: SMART_CLIENT_ID,
      scope: SMART_SCOPE,
      redirectUri: `${origin}/`,
      pkceMode: "required",
    }),
  "/": async (api) => shown(await api.ready()),
  "/renewed": async (api) => {
    const client = await api.ready();
    const before = client.state.tokenResponse.access_token;
    await client.refresh();
    return { ...(await shown(client)), isNew: client.state.tokenResponse.access_token !== before };
  },
};

createServer(async (request, response) => {
  const api = smart(request, response, sessionOf(request, response));
  api.options.refreshTokenWithClientId = true; // a public client has no other way to say who it is
  try {
    const found = await pages[new URL(request.url, origin).pathname](api);
    if (found) response.end(JSON.stringify(found));
  } catch (error) {
    response.statusCode = 500;
    response.end(JSON.stringify({ error: error.message }));
  }
}).listen(SMART_PORT, "127.0.0.1", () => console.log(`${origin}/launch`));
