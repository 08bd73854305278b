/** Reading FHIR R4 resources as they come: anything may be missing. */

/**
 * Return all matches of a search, page after page: `{resources, included, complete, warnings}`.
 * `complete` is false where `most` pages did not reach the end.
 */
export async function searchAll(session, url, { signal, most = 50, onPage } = {}) {
  const found = { resources: [], included: [], complete: true, warnings: [] };
  let next = url;
  for (let page = 0; next; page += 1) {
    if (page === most) return { ...found, complete: false };
    const bundle = await session.get(next, { signal });
    sort(bundle, found);
    onPage?.(found);
    next = link(bundle, "next");
  }
  return found;
}

/** Return one page of a search: `{resources, included, warnings, total, next, previous}`. */
export async function searchPage(session, url, { signal } = {}) {
  const bundle = await session.get(url, { signal });
  const found = sort(bundle, { resources: [], included: [], warnings: [] });
  const previous = link(bundle, "previous") ?? link(bundle, "prev");
  return { ...found, total: bundle.total ?? null, next: link(bundle, "next"), previous };
}

/** Return a URL of a search: `query("Task", {patient: "M1", status: ["ready", "draft"]})`. */
export function query(type, params) {
  const pairs = Object.entries(params).flatMap(([name, value]) =>
    value == null || value === "" || value.length === 0
      ? []
      : [[name, Array.isArray(value) ? value.join(",") : String(value)]],
  );
  return `${type}?${new URLSearchParams(pairs)}`;
}

function sort(bundle, into) {
  for (const entry of list(bundle?.entry)) {
    const mode = entry?.search?.mode;
    if (!entry?.resource) continue;
    if (mode === "outcome" || entry.resource.resourceType === "OperationOutcome")
      into.warnings.push(entry.resource);
    else if (mode === "include") into.included.push(entry.resource);
    else into.resources.push(entry.resource);
  }
  return into;
}

function link(bundle, relation) {
  return list(bundle?.link).find((each) => each?.relation === relation)?.url ?? null;
}

/** Return a value as a list: [] for none. */
export function list(value) {
  return value == null ? [] : Array.isArray(value) ? value : [value];
}

// ---- references, extensions, concepts

/** Return `Type/id` of a Reference, without a base or a version; null where it has none. */
export function refKey(reference) {
  const [, key] =
    /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/.*)?$/.exec(
      reference?.reference ?? "",
    ) ?? [];
  return key ?? null;
}

/**
 * Return words for a Reference: its display, the name that is known for it, else its id.
 * `names`: Map of `Type/id` → name.
 */
export function refText(reference, names = new Map()) {
  if (!reference) return "";
  const key = refKey(reference);
  return (
    reference.display || names.get(key) || reference.identifier?.value || key?.split("/")[1] || ""
  );
}

/** Gather the names that resources store beside references: Map of `Type/id` → display. */
export function knownNames(resources, names = new Map()) {
  const visit = (value) => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value && typeof value === "object") {
      const key = typeof value.reference === "string" && refKey(value);
      if (key && typeof value.display === "string" && value.display) names.set(key, value.display);
      Object.values(value).forEach(visit);
    }
  };
  visit(resources);
  return names;
}

/** Return the value[x] of an extension, named by the last part of its URL; undefined for none. */
export function extensionValue(resource, name) {
  return extensionValues(resource, name)[0];
}

/** Return the value[x] of each extension of a name. */
export function extensionValues(resource, name) {
  return list(resource?.extension)
    .filter((each) => each?.url?.split("/").pop() === name)
    .map((each) => valueX(each))
    .filter((value) => value !== undefined);
}

/** Return what stands in `value[x]`. */
export function valueX(element, prefix = "value") {
  const key = Object.keys(element ?? {}).find((each) => new RegExp(`^${prefix}[A-Z]`).test(each));
  return key && element[key];
}

/** Return words for a CodeableConcept: text, else a display, else a code in words. */
export function conceptText(concept) {
  if (!concept) return "";
  const codings = list(concept.coding);
  const shown = codings.find((each) => each?.display)?.display;
  return concept.text || shown || humanise(codings.find((each) => each?.code)?.code);
}

/** Return the code of a CodeableConcept in a system whose URL ends with `system`. */
export function conceptCode(concept, system) {
  return list(concept?.coding).find((each) => each?.system?.endsWith(system))?.code;
}

/** Return a code as a person would write it: `in-progress` → `In progress`. */
export function humanise(code) {
  const words = String(code ?? "")
    .replace(/[-_]+/g, " ")
    .trim();
  return words && words[0].toUpperCase() + words.slice(1);
}

/** Return the name of a Patient, Practitioner or Organization; its id where it has none. */
export function nameOf(resource) {
  if (typeof resource?.name === "string") return resource.name;
  const names = list(resource?.name);
  const name = names.find((each) => each?.use === "official") ?? names[0];
  const parts = name && [
    ...list(name.prefix),
    ...list(name.given),
    name.family,
    ...list(name.suffix),
  ];
  return name?.text || parts?.filter(Boolean).join(" ") || resource?.id || "";
}

// ---- dates

const DATE = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}.*)?)?)?$/;
const PLACES = { 4: { year: "numeric" }, 7: { year: "numeric", month: "short" } };
const DAY = { year: "numeric", month: "short", day: "numeric" };

/** Return the moment a FHIR date, dateTime or instant begins, in ms; NaN where it is none. */
export function moment(value) {
  // Date.parse finds a year in almost anything.
  if (typeof value !== "string" || !DATE.test(value)) return NaN;
  return Date.parse(
    value.length === 4 ? `${value}-01-01` : value.length === 7 ? `${value}-01` : value,
  );
}

/** Return the day of a FHIR date, dateTime or instant, as precise as it is: `Sep 19, 2026`. */
export function day(value) {
  const at = moment(value);
  if (Number.isNaN(at)) return value ? String(value) : "";
  const zone = value.includes("T") ? {} : { timeZone: "UTC" };
  return new Intl.DateTimeFormat("en-US", { ...(PLACES[value.length] ?? DAY), ...zone }).format(at);
}

/** Return day and time where there is a time: `Jul 12, 2026, 7:58 PM`. */
export function dayAndTime(value) {
  const at = moment(value);
  if (Number.isNaN(at) || !String(value).includes("T")) return day(value);
  return new Intl.DateTimeFormat("en-US", { ...DAY, hour: "numeric", minute: "2-digit" }).format(
    at,
  );
}

/** Return a Period in words: `Apr 1 – Sep 19, 2026`, `since Apr 1, 2026`, `until …`. */
export function period(value) {
  const { start, end } = value ?? {};
  if (start && end) return day(start) === day(end) ? day(start) : `${day(start)} – ${day(end)}`;
  return start ? `since ${day(start)}` : end ? `until ${day(end)}` : "";
}

/** Return the day (ISO, in the reader's time zone) of a moment in ms. */
export function isoDay(at) {
  const date = new Date(at);
  const pad = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** Compare by a date, newest first, those without one last: `sort(newestFirst((x) => x.sent))`. */
export function newestFirst(date) {
  return (a, b) => order(moment(date(b)), moment(date(a)), -Infinity);
}

/** Compare by a date, soonest first, those without one last. */
export function soonestFirst(date) {
  return (a, b) => order(moment(date(a)), moment(date(b)), Infinity);
}

function order(a, b, none) {
  const [x, y] = [Number.isNaN(a) ? none : a, Number.isNaN(b) ? none : b];
  return x === y ? 0 : x < y ? -1 : 1;
}

const OVER = ["completed", "not-done", "stopped", "entered-in-error"];

/** Return whether a Communication is still to take place: planned, or not over and in the future. */
export function isPlanned(communication, now) {
  const { status, sent, received } = communication;
  if (status === "preparation") return true;
  return moment(sent ?? received) > now && !OVER.includes(status);
}

// ---- quantities

const COMPARATORS = { "<": "less than", "<=": "at most", ">=": "at least", ">": "more than" };
const CURRENCY = /^[A-Z]{3}$/;

/** Return a number as people write it: 1250 → 1,250. */
export function number(value) {
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: 20 }).format(value);
}

/** Return words for a Quantity: `at least 80 %`, `130 mg/dL`. */
export function quantity(value) {
  if (typeof value?.value !== "number") return value?.unit ?? "";
  const unit = value.unit ?? value.code ?? "";
  const amount = unit && unit !== "1" ? `${number(value.value)}\u00a0${unit}` : number(value.value);
  const compared = COMPARATORS[value.comparator];
  return compared ? `${compared} ${amount}` : amount;
}

/** Return words for a Range: `80 to 130 mg/dL`, `at most 7 %`. */
export function range(value) {
  const { low, high } = value ?? {};
  const [from, to] = [typeof low?.value === "number", typeof high?.value === "number"];
  if (!from && !to) return "";
  if (!to) return `at least ${quantity(low)}`;
  if (!from) return `at most ${quantity(high)}`;
  const same = (low.unit ?? high.unit) === high.unit;
  return same
    ? `${number(low.value)} to ${quantity(high)}`
    : `${quantity(low)} to ${quantity(high)}`;
}

/** Return words for a Ratio: `1 to 128`, `150 mg per day`. */
export function ratio(value) {
  const [above, below] = [quantity(value?.numerator), quantity(value?.denominator)];
  if (!above || !below) return above || below;
  const unit = value.denominator.unit ?? value.denominator.code;
  return unit && value.denominator.value === 1 ? `${above} per ${unit}` : `${above} to ${below}`;
}

/** Return words for Money: `$1,250.50`. */
export function money(value) {
  if (typeof value?.value !== "number") return "";
  if (!CURRENCY.test(value.currency ?? "")) return number(value.value);
  return new Intl.NumberFormat("en-US", { style: "currency", currency: value.currency }).format(
    value.value,
  );
}
