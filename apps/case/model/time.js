/** Dates against the clock and the calendar. */

import { isoDay, moment } from "../../shared/fhir.js";

/** Return whether a date (its whole day, month or year) or a moment lies before `now` (ms). */
export function hasPassed(value, now) {
  if (Number.isNaN(moment(value))) return false;
  if (value.includes("T")) return moment(value) < now;
  return value < isoDay(now).slice(0, value.length);
}

/** Return the month of a date in the reader's time zone: `2026-06`; "" where there is none. */
export function monthOf(value) {
  const at = moment(value);
  if (Number.isNaN(at)) return "";
  return value.includes("T") ? isoDay(at).slice(0, 7) : value.slice(0, 7);
}

/** Return a month in words: `June 2026`. */
export function monthWords(month) {
  if (!month) return "Without a date";
  if (month.length < 7) return month;
  const format = new Intl.DateTimeFormat("en-US", {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return format.format(moment(month));
}
