/** What a goal aims at, in words. */

import { quantity, range, ratio, valueX, number } from "../../shared/fhir.js";
import { conceptWords } from "./fields.js";

/** Return words for Goal.target.detail[x] of every type; "" where there is none. */
export function targetWords(target) {
  const detail = valueX(target, "detail");
  if (detail === undefined || detail === null) return "";
  if (typeof detail === "boolean") return detail ? "Yes" : "No";
  if (typeof detail === "number") return number(detail);
  if (typeof detail === "string") return detail;
  if (target.detailRange) return range(detail);
  if (target.detailRatio) return ratio(detail);
  if (target.detailCodeableConcept) return conceptWords(detail);
  return quantity(detail);
}
