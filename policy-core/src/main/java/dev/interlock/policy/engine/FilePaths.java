package dev.interlock.policy.engine;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Directories, and the question whether a path lies inside one of them.
 *
 * <p>Nobody knows how the server will read the path: whether it decodes percent signs, takes a backslash for a
 * separator, or normalizes Unicode, nor whether its file system minds case, invisible characters, or dots and spaces at
 * the end of a name. So a path lies inside only if every one of those readings does, and outside only if none does. Only
 * the text is looked at; where symbolic links lead is for the server to know.
 */
final class FilePaths {

    /** Percent signs encoded more often than this are not a path that anyone meant. */
    private static final int MAX_DECODINGS = 4;

    private final List<List<String>> directories;
    /** The same as the most lenient file system reads them. */
    private final List<List<String>> lenient;

    private FilePaths(List<List<String>> directories, List<List<String>> lenient) {
        this.directories = directories;
        this.lenient = lenient;
    }

    /**
     * Directories as policies write them.
     *
     * @throws IllegalArgumentException if one can't be resolved, or nothing would ever lie inside as it is written: left
     *     out, it would be one that nobody guards
     */
    static FilePaths of(List<String> directories) {
        List<List<String>> resolved = new ArrayList<>();
        List<List<String>> lenient = new ArrayList<>();
        for (String directory : directories) {
            String text = directory.replace('\\', '/');
            List<String> segments = resolve(text);
            List<String> folded = resolve(fold(text));
            if (segments == null || folded == null) {
                throw new IllegalArgumentException("'" + directory + "' is no absolute path that can be resolved");
            }
            if (text.indexOf('*') >= 0) {
                throw new IllegalArgumentException("'" + directory
                        + "' has a '*', which stands for nothing: all that is below a directory is inside");
            }
            if (!text.equals(decode(text))) {
                throw new IllegalArgumentException(
                        "'" + directory + "' is percent-encoded: write the directory as it is");
            }
            resolved.add(segments);
            lenient.add(ofLenient(folded));
        }
        return new FilePaths(resolved, lenient);
    }

    /**
     * Whether {@code path} lies in one of the directories, or is it: true if it does however it is read, false if it
     * doesn't however it is read, and else invalid, as it is if some reading of it is relative or can't be resolved, or
     * it {@linkplain TextBound exceeds the bound}.
     */
    Truth contain(String path) {
        if (TextBound.isExceededBy(path)) {
            return Truth.INVALID;
        }
        boolean plain = isAscii(path) && path.indexOf('%') < 0;
        Truth result = containReadings(path, false);
        return plain ? result : agreed(result, containReadings(path, true));
    }

    private static Truth agreed(Truth one, Truth other) {
        return one == other ? one : Truth.INVALID;
    }

    /**
     * Whether the path does as it is and however often its percent signs are decoded.
     *
     * @param normalizing whether Unicode is normalized in between, which can make a percent sign of another character
     */
    private Truth containReadings(String path, boolean normalizing) {
        String reading = normalizing ? normalized(path) : path;
        Truth result = containReading(reading, normalizing);
        for (int i = 0; i < MAX_DECODINGS; i++) {
            String decoded = decode(reading);
            if (decoded == null || (!normalizing && TextBound.isExceededBy(decoded))) {
                return Truth.INVALID;
            }
            if (decoded.equals(reading)) {
                return result;
            }
            reading = normalizing ? normalized(decoded) : decoded;
            result = agreed(result, containReading(reading, normalizing));
        }
        return reading.equals(decode(reading)) ? result : Truth.INVALID;
    }

    private static String normalized(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFKC);
    }

    private Truth containReading(String reading, boolean normalized) {
        if (normalized) {
            return containLenient(reading);
        }
        Truth result = contains(directories, resolve(reading));
        if (reading.indexOf('\\') >= 0) {
            result = agreed(result, contains(directories, resolve(reading.replace('\\', '/'))));
        }
        // In ASCII, what lies inside as it is also does when less of it counts.
        return result == Truth.TRUE && isAscii(reading) ? result : agreed(result, containLenient(reading));
    }

    private Truth containLenient(String reading) {
        List<String> segments = resolve(fold(reading));
        return contains(lenient, segments == null ? null : ofLenient(segments));
    }

    private static Truth contains(List<List<String>> directories, @Nullable List<String> segments) {
        if (segments == null) {
            return Truth.INVALID;
        }
        for (List<String> directory : directories) {
            if (segments.size() >= directory.size()
                    && segments.subList(0, directory.size()).equals(directory)) {
                return Truth.TRUE;
            }
        }
        return Truth.FALSE;
    }

    /** The path without its case, its compatibility forms, invisible characters and backslashes. */
    private static String fold(String path) {
        StringBuilder visible = new StringBuilder(path.length());
        LookAlikes.fold(path)
                .codePoints()
                .filter(c -> Character.getType(c) != Character.FORMAT)
                .forEach(visible::appendCodePoint);
        return visible.toString().replace('\\', '/');
    }

    /** The segments without what Windows leaves off: dots and spaces at the end, and a stream after a colon. */
    private static List<String> ofLenient(List<String> segments) {
        return segments.stream().map(FilePaths::lenient).toList();
    }

    private static String lenient(String segment) {
        int colon = segment.indexOf(':', hasDrive(segment) ? 2 : 0);
        int end = colon < 0 ? segment.length() : colon;
        while (end > 0 && (segment.charAt(end - 1) == '.' || segment.charAt(end - 1) == ' ')) {
            end--;
        }
        return segment.substring(0, end);
    }

    /** The segments of an absolute path without {@code .}, {@code ..} and empty ones; null if it can't be resolved. */
    private static @Nullable List<String> resolve(String path) {
        List<String> segments = new ArrayList<>();
        int start = 0;
        if (hasDrive(path)) {
            segments.add(path.substring(0, 2));
            start = 2;
        }
        int floor = segments.size();
        if (start >= path.length() || path.charAt(start) != '/') {
            return null;
        }
        for (String segment : path.substring(start).split("/", -1)) {
            if (segment.equals("..")) {
                if (segments.size() == floor) {
                    return null;
                }
                segments.remove(segments.size() - 1);
            } else if (isOdd(segment)) {
                return null;
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                segments.add(segment);
            }
        }
        return segments;
    }

    private static boolean hasDrive(String path) {
        if (path.length() < 2 || path.charAt(1) != ':') {
            return false;
        }
        char drive = path.charAt(0);
        return (drive >= 'A' && drive <= 'Z') || (drive >= 'a' && drive <= 'z');
    }

    /** Control characters end a path early for some servers; dots and spaces alone climb, for others. */
    private static boolean isOdd(String segment) {
        boolean onlyDotsAndSpaces = segment.length() > 1;
        for (int i = 0; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (Character.isISOControl(c)) {
                return true;
            }
            onlyDotsAndSpaces &= c == '.' || c == ' ';
        }
        return onlyDotsAndSpaces;
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /** Percent-decodes once, as UTF-8; null if the bytes are not UTF-8 in its shortest form, which readers treat differently. */
    private static @Nullable String decode(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(raw.length);
        for (int i = 0; i < raw.length; i++) {
            int high = raw[i] == '%' && i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
            int low = high >= 0 ? Character.digit(raw[i + 2], 16) : -1;
            if (low >= 0) {
                bytes.put((byte) (high * 16 + low));
                i += 2;
            } else {
                bytes.put(raw[i]);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
