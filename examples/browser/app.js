// The same page is the launch URL, also for an EHR, and the redirect URI.
FHIR.oauth2.settings.refreshTokenWithClientId = true; // a public app has no other proof
FHIR.oauth2
  .init({
    iss: "http://127.0.0.1:8000/fhir", // ?iss=…&launch=… of an EHR counts more
    clientId: "the client_id that you got", // and so does ?clientId=…
    scope: "launch launch/patient offline_access patient/Patient.r patient/Goal.rs",
    pkceMode: "required",
  })
  .then(async (client) => {
    const patient = await client.patient.read();
    const goals = await client.patient.request("Goal", { pageLimit: 0, flat: true });
    const lines = goals.map((goal) => `${goal.description.text} (${goal.lifecycleStatus})`);
    document.body.innerText = [`Goals of ${patient.name[0].text}`, ...lines].join("\n");
  })
  .catch((error) => (document.body.innerText = error.message));
