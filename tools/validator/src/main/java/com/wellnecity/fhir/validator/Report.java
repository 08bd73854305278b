package com.wellnecity.fhir.validator;

import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a run found, to be read by people and by machines. */
final class Report {

    private static final int EXAMPLES = 3;

    private final List<Checked> checked;
    private final Verdict verdict;

    Report(List<Checked> checked, Verdict verdict) {
        this.checked = checked;
        this.verdict = verdict;
    }

    void print(PrintStream out) {
        printCounts(out);
        printAccepted(out);
        printBroken(out);
        printRefused(out);
        out.printf(
                "%s: %d resources, %d findings that nothing accepts, %d broken resources caught, %d not caught%n",
                verdict.passed() ? "PASSED" : "FAILED",
                checked.size() - verdict.caught().size() - verdict.missed().size(),
                verdict.refused().size(),
                verdict.caught().size(),
                verdict.missed().size());
    }

    private void printCounts(PrintStream out) {
        out.printf(
                "%n%-28s %10s %8s %8s %8s %8s %8s%n",
                "group", "resources", "fatal", "error", "warning", "info", "ms");
        groups().forEach((name, counts) -> out.printf(
                "%-28s %10d %8d %8d %8d %8d %8d%n",
                name,
                counts.get("resources"),
                counts.get("fatal"),
                counts.get("error"),
                counts.get("warning"),
                counts.get("information"),
                counts.get("milliseconds")));
        out.println();
    }

    private void printAccepted(PrintStream out) {
        verdict.accepted().forEach((each, count) -> {
            String severity = each.errors() ? "error" : "warning";
            out.printf("accepted %s, %d times: %s%n    because %s%n", severity, count, each.message(), each.because());
        });
        for (Allowance each : verdict.idle()) {
            out.printf("NO LONGER MET, take it off the list: %s%n", each.message());
        }
        out.println();
    }

    private void printBroken(PrintStream out) {
        for (Checked each : verdict.caught()) {
            Finding error = each.findings().stream()
                    .filter(finding -> new Expected(each.sample().expected().at(), each.sample().expected().message())
                            .isAmong(List.of(finding)))
                    .findFirst()
                    .orElseThrow();
            out.printf("broken and caught: %s%n    %s: %s%n", each.sample().name(), error.at(), error.message());
        }
        for (Checked each : verdict.missed()) {
            Expected expected = each.sample().expected();
            out.printf("BROKEN AND NOT CAUGHT: %s%n    %s: %s%n", each.sample().name(), expected.at(), expected.message());
            each.findings().forEach(found -> out.printf("    found %s%n", line(found)));
        }
        out.println();
    }

    private void printRefused(PrintStream out) {
        Map<String, List<Verdict.Placed>> causes = new LinkedHashMap<>();
        for (Verdict.Placed each : verdict.refused()) {
            causes.computeIfAbsent(cause(each), ignored -> new ArrayList<>()).add(each);
        }
        causes.forEach((cause, found) -> {
            out.printf("%d × %s%n", found.size(), cause);
            found.stream()
                    .limit(EXAMPLES)
                    .forEach(each -> out.printf("    %s: %s%n", each.sample().name(), line(each.finding())));
        });
        out.println();
    }

    /** The same thing found in many places, under one name. */
    private static String cause(Verdict.Placed placed) {
        Finding finding = placed.finding();
        String element = finding.at().replaceAll("/\\*.*?\\*/|\\[\\d+\\]", "");
        return "%s %s %s %s".formatted(finding.severity(), placed.sample().group(), finding.id(), element);
    }

    private static String line(Finding finding) {
        return "%s: %s".formatted(finding.at(), finding.message().replaceAll("\\s+", " "));
    }

    /** How many resources and findings of each severity a group has. */
    private Map<String, Map<String, Integer>> groups() {
        Map<String, Map<String, Integer>> found = new TreeMap<>();
        for (Checked each : checked) {
            Map<String, Integer> counts = found.computeIfAbsent(each.sample().group(), ignored -> empty());
            counts.merge("resources", 1, Integer::sum);
            counts.merge("milliseconds", (int) (each.nanoseconds() / 1_000_000), Integer::sum);
            for (Finding finding : each.findings()) {
                counts.merge(finding.severity().getCode(), 1, Integer::sum);
            }
        }
        return found;
    }

    private static Map<String, Integer> empty() {
        Map<String, Integer> found = new LinkedHashMap<>();
        found.put("resources", 0);
        found.put("milliseconds", 0);
        for (ResultSeverityEnum each : ResultSeverityEnum.values()) {
            found.put(each.getCode(), 0);
        }
        return found;
    }

    Map<String, Object> asJson() {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("passed", verdict.passed());
        found.put("groups", groups());
        found.put("refused", verdict.refused().stream().map(each -> entry(each.sample(), each.finding())).toList());
        found.put("idle", verdict.idle().stream().map(each -> each.message().pattern()).toList());
        found.put("caught", verdict.caught().stream().map(each -> each.sample().name()).toList());
        found.put("missed", verdict.missed().stream().map(each -> each.sample().name()).toList());
        List<Map<String, String>> all = new ArrayList<>();
        for (Checked each : checked) {
            each.findings().forEach(finding -> all.add(entry(each.sample(), finding)));
        }
        found.put("findings", all);
        return found;
    }

    private static Map<String, String> entry(Sample sample, Finding finding) {
        Map<String, String> found = new LinkedHashMap<>();
        found.put("group", sample.group());
        found.put("sample", sample.name());
        found.put("severity", finding.severity().getCode());
        found.put("id", finding.id());
        found.put("at", finding.at());
        found.put("message", finding.message());
        return found;
    }
}
