package com.wellnecity.fhir.validator;

import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;

/**
 * One message of the validator.
 *
 * @param id the validator's own name for it
 * @param at the element, as a FHIRPath
 */
record Finding(ResultSeverityEnum severity, String id, String at, String message) {

    static Finding of(SingleValidationMessage message) {
        String at = message.getLocationString();
        String id = message.getMessageId();
        return new Finding(
                message.getSeverity(), id == null ? "" : id, at == null ? "" : at, message.getMessage());
    }

    boolean isError() {
        return severity.compareTo(ResultSeverityEnum.ERROR) >= 0;
    }

    boolean isWarning() {
        return severity == ResultSeverityEnum.WARNING;
    }

    /** Whether it is about an element or a part of it; indices count only where they are given. */
    boolean stands(String element) {
        String plain = at.replaceAll("/\\*.*?\\*/", "");
        return begins(plain, element) || begins(plain.replaceAll("\\[\\d+\\]", ""), element);
    }

    private static boolean begins(String path, String element) {
        return path.equals(element) || path.startsWith(element + ".") || path.startsWith(element + "[");
    }
}
