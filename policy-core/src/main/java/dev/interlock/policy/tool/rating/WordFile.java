package dev.interlock.policy.tool.rating;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the word lists that are part of the library: one entry on each line, {@code #} for comments, indented lines
 * continue the line before.
 */
final class WordFile {

    private WordFile() {}

    /** The lines of that file without comments. Indented lines are joined to the line that they continue. */
    static List<String> entries(String file) {
        List<String> entries = new ArrayList<>();
        try (InputStream bytes = WordFile.class.getResourceAsStream(file)) {
            if (bytes == null) {
                throw new IllegalStateException(file + " is missing beside " + WordFile.class.getName());
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(" ")) {
                    entries.add(entries.remove(entries.size() - 1) + " " + line.strip());
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    entries.add(line.strip());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return entries;
    }
}
