const client = await FHIR.oauth2.init({
  iss: "http://127.0.0.1:8000/fhir", // ?iss=…&launch=… of an EHR counts more
  clientId: "the client_id that you got", // and so does ?clientId=…
  scope: "launch launch/patient patient/Patient.r patient/Goal.rs",
  pkceMode: "required",
});
const patient = await client.patient.read();
const goals = await client.patient.request("Goal", { pageLimit: 0, flat: true });
const lines = goals.map((goal) => `${goal.description.text} (${goal.lifecycleStatus})`);
document.body.innerText = [`Goals of ${patient.name[0].text}`, ...lines].join("\n");
