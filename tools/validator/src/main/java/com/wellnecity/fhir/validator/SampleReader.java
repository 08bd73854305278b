package com.wellnecity.fhir.validator;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads samples: one JSON object a line, with `name`, `group`, `resource` and perhaps `expected`. */
final class SampleReader {

    List<Sample> read(List<Path> paths) throws IOException {
        List<Sample> found = new ArrayList<>();
        for (Path path : paths) {
            for (Path file : files(path)) {
                for (String line : Files.readAllLines(file)) {
                    found.add(sample(Json.MAPPER.readTree(line)));
                }
            }
        }
        return found;
    }

    private static List<Path> files(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(each -> each.toString().endsWith(".ndjson")).sorted().toList();
        }
    }

    private static Sample sample(JsonNode line) throws IOException {
        JsonNode resource = line.required("resource");
        return new Sample(
                line.required("name").asText(),
                line.required("group").asText(),
                resource.path("resourceType").asText("?"),
                Json.MAPPER.writeValueAsString(resource),
                expected(line.get("expected")));
    }

    private static Expected expected(JsonNode given) {
        if (given == null) {
            return null;
        }
        Pattern message = Pattern.compile(given.required("message").asText(), Pattern.CASE_INSENSITIVE);
        return new Expected(given.required("at").asText(), message);
    }
}
