package dev.interlock.policy.tool.rating;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds files that lie outside the project, or nowhere. */
final class DataFiles {

    private DataFiles() {}

    /** A file of the data folder that a build may have beside the project's root folder. */
    static Optional<Path> shared(String name) {
        return upwards(Path.of("shared", "data", name));
    }

    /** The path as given, or below the working directory or one of those above it. */
    static Optional<Path> upwards(Path path) {
        for (Path directory = Path.of("").toAbsolutePath(); directory != null; directory = directory.getParent()) {
            Path candidate = directory.resolve(path);
            if (Files.isRegularFile(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
