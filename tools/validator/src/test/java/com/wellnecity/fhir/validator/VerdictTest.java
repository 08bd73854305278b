package com.wellnecity.fhir.validator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class VerdictTest {

    private static final Finding ERROR = finding(ResultSeverityEnum.ERROR, "Task.status", "Unknown code 'x'");
    private static final Finding WARNING = finding(ResultSeverityEnum.WARNING, "Task", "dom-6: no narrative");
    private static final Finding NOTE = finding(ResultSeverityEnum.INFORMATION, "Task", "something else");

    @Test
    void whatIsNotAcceptedIsRefused() {
        Verdict verdict = judge(List.of(), plain(ERROR, WARNING, NOTE));
        assertFalse(verdict.passed());
        assertEquals(2, verdict.refused().size());
    }

    @Test
    void nothingButNotesPasses() {
        assertTrue(judge(List.of(), plain(NOTE), plain()).passed());
    }

    @Test
    void acceptedWarningsAreCounted() {
        Allowance narrative = allowance(false, "", "dom-6");
        Verdict verdict = judge(List.of(narrative), plain(WARNING), plain(WARNING));
        assertTrue(verdict.passed());
        assertEquals(2, verdict.accepted().get(narrative));
    }

    @Test
    void anAcceptedWarningIsNoAcceptedError() {
        assertFalse(judge(List.of(allowance(false, "", "")), plain(WARNING), plain(ERROR)).passed());
    }

    @Test
    void acceptanceIsOfSomeSamplesAlone() {
        assertTrue(judge(List.of(allowance(true, "^clean Task ", "Unknown")), plain(ERROR)).passed());
        assertFalse(judge(List.of(allowance(true, "^dirty", "Unknown")), plain(ERROR)).passed());
    }

    @Test
    void whatIsAcceptedAndNotMetFails() {
        Verdict verdict = judge(List.of(allowance(false, "", "dom-6")), plain());
        assertFalse(verdict.passed());
        assertEquals(1, verdict.idle().size());
    }

    @Test
    void aBrokenSampleNeedsItsOwnError() {
        assertTrue(judge(List.of(), broken("Task.status", "unknown code", ERROR)).passed());
        assertFalse(judge(List.of(), broken("Task.intent", "unknown code", ERROR)).passed());
        assertFalse(judge(List.of(), broken("Task.status", "something", ERROR)).passed());
        assertFalse(judge(List.of(), broken("Task", "dom-6", WARNING)).passed());
    }

    @Test
    void strictlyABrokenSampleFailsTheRun() {
        List<Checked> checked = List.of(broken("Task.status", "unknown code", ERROR));
        assertFalse(Verdict.of(checked, List.of(), true).passed());
    }

    @Test
    void anElementIsFoundByItsPathWithOrWithoutPlaces() {
        Finding found = finding(ResultSeverityEnum.ERROR, "Bundle.entry[1].resource/*Task/1*/.note[0].text", "x");
        assertTrue(found.stands("Bundle.entry"));
        assertTrue(found.stands("Bundle.entry.resource.note"));
        assertTrue(found.stands("Bundle.entry[1].resource.note[0].text"));
        assertFalse(found.stands("Bundle.entry[0]"));
        assertFalse(found.stands("Bundle.ent"));
    }

    private static Verdict judge(List<Allowance> allowances, Checked... checked) {
        return Verdict.of(List.of(checked), allowances, false);
    }

    private static Checked plain(Finding... findings) {
        return new Checked(new Sample("Task/1", "clean Task", "Task", "{}", null), List.of(findings), 0);
    }

    private static Checked broken(String at, String message, Finding... findings) {
        Expected expected = new Expected(at, Pattern.compile(message, Pattern.CASE_INSENSITIVE));
        return new Checked(new Sample("Task/1", "must-fail", "Task", "{}", expected), List.of(findings), 0);
    }

    private static Allowance allowance(boolean errors, String sample, String message) {
        return new Allowance(errors, Pattern.compile(sample), Pattern.compile(""), Pattern.compile(message), "so");
    }

    private static Finding finding(ResultSeverityEnum severity, String at, String message) {
        return new Finding(severity, "id", at, message);
    }
}
