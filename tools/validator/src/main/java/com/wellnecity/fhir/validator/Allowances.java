package com.wellnecity.fhir.validator;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the lists of accepted findings. */
final class Allowances {

    private Allowances() {}

    static List<Allowance> read(List<Path> paths) throws IOException {
        List<Allowance> found = new ArrayList<>();
        for (Path path : paths) {
            for (JsonNode each : Json.MAPPER.readTree(Files.readString(path))) {
                found.add(Allowance.of(each));
            }
        }
        return found;
    }
}
