package com.wellnecity.fhir.validator;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.parser.IParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.StructureDefinition;

/**
 * R4's definitions and those of packages, with nothing asked of the network.
 *
 * @param extendedTypes the types that extensions are defined for
 */
record Definitions(IValidationSupport support, Set<String> extendedTypes, int count) {

    static Definitions of(List<Path> packages) throws IOException {
        FhirContext context = FhirContext.forR4Cached();
        PrePopulatedValidationSupport given = new PrePopulatedValidationSupport(context);
        IParser parser = context.newJsonParser();
        for (Path path : packages) {
            for (String resource : PackageReader.read(path)) {
                given.addResource(parser.parseResource(resource));
            }
        }
        IValidationSupport chain = chain(context, given);
        for (IBaseResource each : List.<IBaseResource>copyOf(given.fetchAllStructureDefinitions())) {
            given.addStructureDefinition(completed(chain, (StructureDefinition) each));
        }
        chain.invalidateCaches();
        return new Definitions(chain, extendedTypes(given), given.countAll());
    }

    /** The types that some definition of an extension says it is for. */
    private static Set<String> extendedTypes(IValidationSupport given) {
        return given.<StructureDefinition>fetchAllStructureDefinitions().stream()
                .flatMap(each -> each.getContext().stream())
                .map(each -> each.getExpression().split("\\.")[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** A profile with its snapshot: one that is made while others read it is read half done. */
    private static StructureDefinition completed(IValidationSupport chain, StructureDefinition profile) {
        if (profile.hasSnapshot()) {
            return profile;
        }
        ValidationSupportContext context = new ValidationSupportContext(chain);
        String url = profile.getUrl();
        if (chain.generateSnapshot(context, profile, url, null, profile.getName()) instanceof StructureDefinition made
                && made.hasSnapshot()) {
            return made;
        }
        throw new IllegalStateException("no snapshot can be made of " + url);
    }

    private static IValidationSupport chain(FhirContext context, IValidationSupport given) {
        return new ValidationSupportChain(
                new DefaultProfileValidationSupport(context),
                given,
                new InMemoryTerminologyServerValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context),
                new SnapshotGeneratingValidationSupport(context));
    }
}
