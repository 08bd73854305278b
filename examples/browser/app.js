if (!location.search.includes("code=")) sessionStorage.clear(); // nothing of an earlier launch
const client = await FHIR.oauth2.init({
  iss: "http://127.0.0.1:8000/fhir", // ?iss=…&launch=… of an EHR counts more
  clientId: "the client_id that you got",
  scope: "launch launch/patient patient/Patient.r patient/Goal.rs",
  pkceMode: "required",
});
const { name } = await client.patient.read();
const goals = await client.patient.request("Goal", { pageLimit: 0, flat: true });
document.body.innerText = [name[0].text, ...goals.map((each) => each.description.text)].join("\n");
