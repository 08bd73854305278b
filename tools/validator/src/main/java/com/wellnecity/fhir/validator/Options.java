package com.wellnecity.fhir.validator;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the command line asks for. */
record Options(
        Path home,
        List<Path> packages,
        List<Path> cached,
        List<Path> allowances,
        Path report,
        int threads,
        boolean strict,
        List<Path> samples) {

    static final String USAGE = """
            usage: java -jar validator.jar [options] SAMPLES...
              SAMPLES            NDJSON files of samples, or folders of them
              --home PATH        folder for what the validator keeps; needed
              --package PATH     definitions: a FHIR package (.tgz) or a folder of JSON files; repeatable
              --cached PATH      a FHIR package (.tgz) that the validator may look for; repeatable
              --allow PATH       findings that are accepted, with the reason for each; repeatable
              --report PATH      write everything found, as JSON
              --threads N        how many samples are validated at once
              --strict           broken samples count as any other: the run has to fail""";

    static Options of(String... arguments) {
        Path home = null;
        List<Path> packages = new ArrayList<>();
        List<Path> cached = new ArrayList<>();
        List<Path> allowances = new ArrayList<>();
        List<Path> samples = new ArrayList<>();
        Path report = null;
        int threads = Runtime.getRuntime().availableProcessors();
        boolean strict = false;
        for (int place = 0; place < arguments.length; place++) {
            switch (arguments[place]) {
                case "--home" -> home = Path.of(value(arguments, ++place)).toAbsolutePath();
                case "--package" -> packages.add(Path.of(value(arguments, ++place)));
                case "--cached" -> cached.add(Path.of(value(arguments, ++place)));
                case "--allow" -> allowances.add(Path.of(value(arguments, ++place)));
                case "--report" -> report = Path.of(value(arguments, ++place));
                case "--threads" -> threads = number(value(arguments, ++place));
                case "--strict" -> strict = true;
                default -> samples.add(sample(arguments[place]));
            }
        }
        if (home == null || samples.isEmpty()) {
            throw new IllegalArgumentException("--home and at least one file of samples are needed");
        }
        return new Options(home, packages, cached, allowances, report, threads, strict, samples);
    }

    private static Path sample(String argument) {
        if (argument.startsWith("-")) {
            throw new IllegalArgumentException("unknown option " + argument);
        }
        return Path.of(argument);
    }

    private static String value(String[] arguments, int place) {
        if (place == arguments.length) {
            throw new IllegalArgumentException(arguments[place - 1] + " needs a value");
        }
        return arguments[place];
    }

    private static int number(String text) {
        int found = Integer.parseInt(text);
        if (found < 1) {
            throw new IllegalArgumentException("--threads is at least 1");
        }
        return found;
    }
}
