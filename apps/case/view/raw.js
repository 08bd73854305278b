/** The dialog that shows a resource as FHIR, read with the token of this session. */

import { announce, el, fill, focusOn } from "../../shared/dom.js";
import { SessionExpired } from "../../shared/errors.js";
import { failure, loading } from "../../shared/states.js";
import { jsonNodes } from "./json.js";

/** Return `open(thing, name)`. `mayRead(type)`: whether references to a type can be followed. */
export function rawDialog(session, { mayRead, onError }) {
  const title = el("h2", { id: "raw-title", tabindex: "-1", autofocus: true });
  const address = el("code", { class: "raw-address" });
  const note = el("p", { class: "muted" });
  const body = el("div", { class: "raw-body" });
  const live = el("p", { class: "visually-hidden raw-live", role: "status" });
  const back = el("button", { type: "button", class: "button", onclick: () => goBack() }, "Back");
  const copyJson = el(
    "button",
    { type: "button", class: "button", onclick: () => copy("json") },
    "Copy JSON",
  );
  const copyUrl = el(
    "button",
    { type: "button", class: "button", onclick: () => copy("url") },
    "Copy URL",
  );
  const close = el(
    "button",
    { type: "button", class: "button-primary", onclick: () => dialog.close() },
    "Close",
  );
  const dialog = el(
    "dialog",
    { class: "raw", "aria-labelledby": "raw-title" },
    el("div", { class: "raw-head" }, title, el("p", { class: "raw-url" }, address), note, live),
    body,
    el("div", { class: "raw-foot" }, back, copyUrl, copyJson, close),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => abort?.abort());
  document.body.append(dialog);

  let trail = [];
  let abort = null;
  let shown = null;

  async function show(thing, name) {
    abort?.abort();
    abort = new AbortController();
    const { signal } = abort;
    const url = thing.path ? `${session.base}/${thing.path}` : "";
    shown = { url, text: "" };
    title.textContent = name;
    address.textContent = url ? `GET ${url}` : "";
    note.textContent = url
      ? ""
      : "This part has no address of its own; it is read with the whole case.";
    back.hidden = trail.length < 2;
    copyUrl.hidden = !url;
    copyJson.disabled = true;
    fill(body, loading("Reading…"));
    try {
      present(url ? await session.get(thing.path, { signal }) : thing.resource);
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      const retry = error instanceof SessionExpired ? null : () => show(thing, name);
      fill(body, failure(error, { title: "It could not be read", retry }));
    }
  }

  function present(resource) {
    const follow = (path) => {
      push({ path }, path);
      focusOn(title);
    };
    shown.text = JSON.stringify(resource, null, 2);
    const nodes = jsonNodes(resource, { follow, may: mayRead });
    const json = el(
      "pre",
      { tabindex: "0", role: "region", "aria-label": "JSON of the resource" },
      el("code", {}, nodes),
    );
    fill(body, json);
    copyJson.disabled = false;
    announce("Loaded.", live);
  }

  function push(thing, name) {
    trail.push([thing, name]);
    return show(thing, name);
  }

  function goBack() {
    trail.pop();
    show(...trail.at(-1));
    focusOn(title);
  }

  async function copy(what) {
    const [button, words, text] =
      what === "url" ? [copyUrl, "Copy URL", shown.url] : [copyJson, "Copy JSON", shown.text];
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      announce("Copied.", live);
    } catch {
      button.textContent = "Copying is not allowed";
    }
    setTimeout(() => (button.textContent = words), 2000);
  }

  return (thing, name) => {
    trail = [];
    const reading = push(thing, name);
    dialog.showModal();
    return reading;
  };
}
