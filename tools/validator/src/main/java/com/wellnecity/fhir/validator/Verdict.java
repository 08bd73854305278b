package com.wellnecity.fhir.validator;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of all that was found must not be.
 *
 * @param refused errors and warnings that nothing accepts
 * @param accepted how often each accepted finding was met
 * @param caught broken samples with the error they must have
 * @param missed broken samples without it
 */
record Verdict(List<Placed> refused, Map<Allowance, Integer> accepted, List<Checked> caught, List<Checked> missed) {

    /** A finding and the sample it is of. */
    record Placed(Sample sample, Finding finding) {}

    /** Judge what was found; where it is strict, broken samples are not expected to be broken. */
    static Verdict of(List<Checked> checked, List<Allowance> allowances, boolean strict) {
        Verdict found = new Verdict(new ArrayList<>(), new LinkedHashMap<>(), new ArrayList<>(), new ArrayList<>());
        allowances.forEach(each -> found.accepted.put(each, 0));
        for (Checked each : checked) {
            if (each.sample().expected() == null || strict) {
                found.judge(each);
            } else if (each.sample().expected().isAmong(each.findings())) {
                found.caught.add(each);
            } else {
                found.missed.add(each);
            }
        }
        return found;
    }

    private void judge(Checked checked) {
        for (Finding finding : checked.findings()) {
            if (!finding.isError() && !finding.isWarning()) {
                continue;
            }
            Optional<Allowance> by = accepted.keySet().stream()
                    .filter(each -> each.covers(checked.sample(), finding))
                    .findFirst();
            by.ifPresentOrElse(
                    each -> accepted.merge(each, 1, Integer::sum),
                    () -> refused.add(new Placed(checked.sample(), finding)));
        }
    }

    /** Accepted findings that are met no longer. */
    List<Allowance> idle() {
        return accepted.entrySet().stream()
                .filter(each -> each.getValue() == 0)
                .map(Map.Entry::getKey)
                .toList();
    }

    boolean passed() {
        return refused.isEmpty() && missed.isEmpty() && idle().isEmpty();
    }
}
