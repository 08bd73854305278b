package com.wellnecity.fhir.validator;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.regex.Pattern;

/**
 * A finding that is accepted.
 *
 * @param errors whether it is of errors; of warnings else
 * @param sample which samples: a pattern of `group name`
 * @param at which elements
 * @param message what the validator says
 * @param because why that is right
 */
record Allowance(boolean errors, Pattern sample, Pattern at, Pattern message, String because) {

    static Allowance of(JsonNode given) {
        String severity = given.path("severity").asText("warning");
        if (!severity.equals("warning") && !severity.equals("error")) {
            throw new IllegalArgumentException("severity is warning or error, not " + severity);
        }
        String because = given.required("because").asText();
        if (because.isBlank()) {
            throw new IllegalArgumentException("an accepted finding needs a reason: " + given);
        }
        return new Allowance(
                severity.equals("error"),
                Pattern.compile(given.path("sample").asText("")),
                Pattern.compile(given.path("at").asText("")),
                Pattern.compile(given.required("message").asText(), Pattern.DOTALL),
                because);
    }

    boolean covers(Sample of, Finding finding) {
        return errors == finding.isError()
                && sample.matcher(of.group() + " " + of.name()).find()
                && at.matcher(finding.at()).find()
                && message.matcher(finding.message()).find();
    }
}
