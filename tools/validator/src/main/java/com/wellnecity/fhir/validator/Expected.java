package com.wellnecity.fhir.validator;

import java.util.List;
import java.util.regex.Pattern;

/** The error that a broken sample must have: where, and what it is about. */
record Expected(String at, Pattern message) {

    /** Whether the error was found. */
    boolean isAmong(List<Finding> findings) {
        return findings.stream()
                .filter(Finding::isError)
                .anyMatch(each -> each.stands(at) && message.matcher(each.message()).find());
    }
}
