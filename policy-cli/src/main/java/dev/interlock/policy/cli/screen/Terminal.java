package dev.interlock.policy.cli.screen;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds out how many columns the terminal behind a stream has. Java only knows whether both the standard input and
 * output are terminals, and doesn't know a width. {@code test} and {@code stty}, which every POSIX system has, know
 * both for each stream.
 */
final class Terminal {

    /** The width of a terminal that doesn't tell its own. */
    private static final int USUAL = 80;

    /** A width beyond these bounds is a mistake. */
    private static final int LEAST = 20;

    private static final int MOST = 10_000;

    /** Ends a hang. The answer normally takes milliseconds. */
    private static final long PATIENCE_SECONDS = 10;

    private static final Pattern SIZE = Pattern.compile("\\d+ (\\d{1,5})\\s*");

    private Terminal() {}

    /** The columns behind the standard output; {@link Screen#UNBOUNDED} if it is not a terminal. */
    static int columnsOfOutput() {
        // The standard output is inherited, so the answer comes on the standard error.
        return columns(
                new ProcessBuilder("sh", "-c", "test -t 1 && { stty size <&1 1>&2 || true; }")
                        .redirectOutput(Redirect.INHERIT),
                true);
    }

    /** The columns behind the standard error; {@link Screen#UNBOUNDED} if it is not a terminal. */
    static int columnsOfError() {
        return columns(
                new ProcessBuilder("sh", "-c", "test -t 2 && { stty size <&2 || true; }")
                        .redirectError(Redirect.INHERIT),
                false);
    }

    private static int columns(ProcessBuilder builder, boolean byError) {
        try {
            Process asked = builder.redirectInput(new File("/dev/null")).start();
            byte[] answer = (byError ? asked.getErrorStream() : asked.getInputStream()).readAllBytes();
            if (!asked.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || asked.exitValue() != 0) {
                asked.destroyForcibly();
                return Screen.UNBOUNDED;
            }
            return columns(new String(answer, StandardCharsets.US_ASCII), System.getenv("COLUMNS"));
        } catch (IOException e) {
            // There is no shell to ask, so it is unknown whether this is a terminal. Lines stay whole.
            return Screen.UNBOUNDED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Screen.UNBOUNDED;
        }
    }

    /** The width of a terminal: from the environment, otherwise from the terminal itself, otherwise the usual one. */
    static int columns(String size, @Nullable String variable) {
        if (variable != null && variable.matches("\\d{1,5}") && isWidth(Integer.parseInt(variable))) {
            return Integer.parseInt(variable);
        }
        Matcher matcher = SIZE.matcher(size);
        return matcher.matches() && isWidth(Integer.parseInt(matcher.group(1)))
                ? Integer.parseInt(matcher.group(1))
                : USUAL;
    }

    private static boolean isWidth(int columns) {
        return columns >= LEAST && columns <= MOST;
    }
}
