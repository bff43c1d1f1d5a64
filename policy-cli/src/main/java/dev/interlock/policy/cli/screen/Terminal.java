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
 * Asks the terminal behind a stream how many columns it has. Java knows only whether both the standard input and output
 * are terminals, and no width; {@code test} and {@code stty}, which every POSIX system has, know both of one stream.
 */
final class Terminal {

    /** What a terminal has that does not say. */
    private static final int USUAL = 80;

    /** Past these bounds a width is a mistake of somebody's. */
    private static final int LEAST = 20;

    private static final int MOST = 10_000;

    /** Ends a hang: the answer takes milliseconds. */
    private static final long PATIENCE_SECONDS = 10;

    private static final Pattern SIZE = Pattern.compile("\\d+ (\\d{1,5})\\s*");

    private Terminal() {}

    /** The columns behind the standard output; {@link Screen#UNBOUNDED} if that is no terminal. */
    static int columnsOfOutput() {
        // The standard output stays what it is, so the answer comes by the other way.
        return columns(
                new ProcessBuilder("sh", "-c", "test -t 1 && { stty size <&1 1>&2 || true; }")
                        .redirectOutput(Redirect.INHERIT),
                true);
    }

    /** The same of the standard error. */
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
            // There is no shell to ask, so nothing is known of a terminal: lines stay whole.
            return Screen.UNBOUNDED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Screen.UNBOUNDED;
        }
    }

    /** Of a terminal: what the environment says, else what the terminal says of itself, else what is usual. */
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
