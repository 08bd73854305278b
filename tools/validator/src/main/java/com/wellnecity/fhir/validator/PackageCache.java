package com.wellnecity.fhir.validator;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.hl7.fhir.utilities.http.ManagedWebAccess.WebAccessPolicy;
import org.hl7.fhir.utilities.npm.NpmPackage;

/** The folder in which the validator looks for R4's own package while it checks extension definitions. */
final class PackageCache {

    private PackageCache() {}

    /** Forbid the network, and put packages where the validator looks for them. */
    static void offline(Path home, List<Path> packages, Set<String> types) throws IOException {
        ManagedWebAccess.setAccessPolicy(WebAccessPolicy.PROHIBITED);
        // the validator takes its folder from there, and has no other way to be told
        System.setProperty("user.home", Files.createDirectories(home).toString());
        for (Path path : packages) {
            write(PackageReader.open(path), home.resolve(".fhir/packages"), types);
        }
    }

    /** Write a package with the definitions of some types alone: it reads all of it each time. */
    private static void write(NpmPackage given, Path cache, Set<String> types) throws IOException {
        Path folder = cache.resolve(given.name() + "#" + given.version()).resolve("package");
        Files.createDirectories(folder);
        // the validator makes an index where there is none, and believes the one that is there
        Files.deleteIfExists(folder.resolve(".index.json"));
        copy(given.load("package", "package.json"), folder.resolve("package.json"));
        for (String type : types) {
            String name = "StructureDefinition-" + type + ".json";
            if (given.hasFile("package", name)) {
                copy(given.load("package", name), folder.resolve(name));
            }
        }
    }

    private static void copy(InputStream content, Path to) throws IOException {
        try (content) {
            Files.copy(content, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
