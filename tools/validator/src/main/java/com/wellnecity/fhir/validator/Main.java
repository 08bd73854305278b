package com.wellnecity.fhir.validator;

import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Validates samples and says by the exit status whether all is as it should be: 0 yes, 1 no, 2 wrongly called. */
public final class Main {

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Options options;
        try {
            options = Options.of(arguments);
        } catch (IllegalArgumentException error) {
            System.err.println(error.getMessage());
            System.err.println(Options.USAGE);
            System.exit(2);
            return;
        }
        System.exit(run(options) ? 0 : 1);
    }

    private static boolean run(Options options) throws IOException, InterruptedException {
        long started = System.nanoTime();
        List<Sample> samples = new SampleReader().read(options.samples());
        Definitions definitions = Definitions.of(options.packages());
        PackageCache.offline(options.home(), options.cached(), definitions.extendedTypes());
        System.out.printf("%d samples, %d definitions%n", samples.size(), definitions.count());

        List<Checked> checked = new Validation(definitions.support(), options.threads()).check(samples);
        Verdict verdict = Verdict.of(checked, Allowances.read(options.allowances()), options.strict());
        Report report = new Report(checked, verdict);
        report.print(System.out);
        System.out.printf("%d s%n", (System.nanoTime() - started) / 1_000_000_000);
        if (options.report() != null) {
            write(options.report(), report);
        }
        return verdict.passed();
    }

    private static void write(Path path, Report report) throws IOException {
        ObjectWriter writer = Json.MAPPER.writerWithDefaultPrettyPrinter();
        Files.writeString(path, writer.writeValueAsString(report.asJson()) + "\n");
    }
}
