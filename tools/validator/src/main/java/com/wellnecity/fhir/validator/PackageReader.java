package com.wellnecity.fhir.validator;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.utilities.npm.NpmPackage;

/** Reads the resources of a FHIR package, or of a folder that has them loose, as JSON. */
final class PackageReader {

    private static final String[] TYPES = {
        "StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "ConceptMap"
    };

    private PackageReader() {}

    static List<String> read(Path path) throws IOException {
        return Files.isDirectory(path) ? ofFolder(path) : ofPackage(path);
    }

    static NpmPackage open(Path path) throws IOException {
        try (InputStream stream = Files.newInputStream(path)) {
            return NpmPackage.fromPackage(stream);
        }
    }

    private static List<String> ofPackage(Path path) throws IOException {
        NpmPackage read = open(path);
        List<String> found = new ArrayList<>();
        for (String name : read.listResources(TYPES)) {
            try (InputStream resource = read.loadResource(name)) {
                found.add(new String(resource.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        if (found.isEmpty()) {
            throw new IOException(path + " has no definitions");
        }
        return found;
    }

    private static List<String> ofFolder(Path path) throws IOException {
        List<Path> files;
        try (Stream<Path> entries = Files.list(path)) {
            files = entries.filter(PackageReader::isDefinition).sorted().toList();
        }
        List<String> found = new ArrayList<>();
        for (Path file : files) {
            found.add(Files.readString(file));
        }
        return found;
    }

    private static boolean isDefinition(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".json") && Stream.of(TYPES).anyMatch(type -> name.startsWith(type + "-"));
    }
}
