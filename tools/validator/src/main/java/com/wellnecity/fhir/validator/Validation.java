package com.wellnecity.fhir.validator;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/** Validates samples against R4 and the profiles they claim, several at a time. */
final class Validation {

    /** Where extensions may be from that nobody has defined for this run: the samples' other parties. */
    private static final String[] FOREIGN = {
        "http://example.org/", "https://example.org/", "https://platform.example.org/"
    };

    private final FhirValidator validator;
    private final int threads;

    Validation(IValidationSupport support, int threads) {
        FhirInstanceValidator module = new FhirInstanceValidator(support);
        module.setAnyExtensionsAllowed(false);
        module.setCustomExtensionDomains(FOREIGN);
        module.setErrorForUnknownProfiles(true);
        module.setBestPracticeWarningLevel(BestPracticeWarningLevel.Warning);
        this.validator = FhirContext.forR4Cached().newValidator().registerValidatorModule(module);
        this.threads = threads;
    }

    /** What is found in each sample, in their order. */
    List<Checked> check(List<Sample> samples) throws InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Checked>> running = new ArrayList<>();
            for (Sample sample : samples) {
                running.add(pool.submit(() -> check(sample)));
            }
            List<Checked> found = new ArrayList<>();
            for (Future<Checked> each : running) {
                found.add(each.get());
            }
            return found;
        } catch (ExecutionException error) {
            throw new IllegalStateException(error.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private Checked check(Sample sample) {
        long started = System.nanoTime();
        List<Finding> findings = findings(sample);
        return new Checked(sample, findings, System.nanoTime() - started);
    }

    private List<Finding> findings(Sample sample) {
        try {
            return validator.validateWithResult(sample.resource()).getMessages().stream()
                    .map(Finding::of)
                    .toList();
        } catch (RuntimeException error) {
            // a resource that the validator cannot read is one more thing it has to say of it
            String message = error.getClass().getSimpleName() + ": " + error.getMessage();
            return List.of(new Finding(ResultSeverityEnum.FATAL, "crash", sample.type(), message));
        }
    }
}
