package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.SecretFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/**
 * The option {@code --header} and those that belong to it. No message quotes any part of the input, not even a name: a
 * text that is not a header may still be a secret.
 */
public final class HeaderOptions {

    public static final String NEED_URL = "--header, --header-env and --header-file go with --url";

    private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7e]*");

    private static final Pattern BLANKS = Pattern.compile("\\A[ \\t]+|[ \\t]+\\z");

    /** Headers that the transport sets on each message, or the HTTP client on the connection. */
    private static final Set<String> OURS = Set.of(
            "accept",
            "connection",
            "content-length",
            "content-type",
            "expect",
            "host",
            "last-event-id",
            "mcp-protocol-version",
            "mcp-session-id",
            "transfer-encoding",
            "upgrade");

    @Option(
            names = "--header",
            paramLabel = "NAME:VALUE",
            description = "A header of each request to the server at --url. May be given more than once. Others on the"
                    + " machine can see a command line: a token is safe in --header-file.")
    private List<String> headers = List.of();

    @Option(
            names = "--header-env",
            paramLabel = "NAME:VARIABLE",
            description = "The same, with the value in this variable of the environment, which other users can't see.")
    private List<String> variables = List.of();

    @Option(
            names = "--header-file",
            paramLabel = "FILE",
            description = "The same, with a NAME: VALUE on each line of this file, which only you may be able to read"
                    + " (chmod 600). This is the safest way for a token.")
    private List<String> files = List.of();

    /** A header of a request. */
    record Header(String name, String value) {

        @Override
        public String toString() {
            return "a header";
        }
    }

    public boolean areGiven() {
        return !headers.isEmpty() || !variables.isEmpty() || !files.isEmpty();
    }

    /**
     * Returns the headers, in no particular order.
     *
     * @throws CliException if one of them is wrong; the message identifies it by its number
     */
    public List<Header> read() {
        List<Header> read = new ArrayList<>();
        for (int i = 0; i < headers.size(); i++) {
            read.add(header(headers.get(i), place("--header", i, headers.size())));
        }
        for (int i = 0; i < variables.size(); i++) {
            String place = place("--header-env", i, variables.size());
            Header named = header(variables.get(i), place);
            String value = System.getenv(named.value());
            if (value == null || value.isBlank()) {
                throw new CliException(place + ": there is no such variable in the environment, or nothing in it; write"
                        + " the name of a header, a colon and the name of a variable");
            }
            read.add(new Header(named.name(), checked(value, place)));
        }
        for (String file : files) {
            String[] lines = SecretFile.read(file, "--header-file").split("\\r?\\n", -1);
            for (int i = 0; i < lines.length; i++) {
                if (!lines[i].isBlank()) {
                    read.add(header(lines[i], "--header-file " + file + ", line " + (i + 1)));
                }
            }
        }
        Set<String> names = new HashSet<>();
        for (Header header : read) {
            if (!names.add(header.name().toLowerCase(Locale.ROOT))) {
                throw new CliException("a header is given twice, by --header, --header-env or --header-file");
            }
        }
        return read;
    }

    private static String place(String option, int index, int of) {
        return of == 1 ? option : option + " number " + (index + 1);
    }

    /** A name has neither a colon nor an equals sign, so the first of either ends it. */
    private static Header header(String text, String place) {
        int end = 0;
        while (end < text.length() && text.charAt(end) != ':' && text.charAt(end) != '=') {
            end++;
        }
        String name = text.substring(0, end).strip();
        if (end == text.length() || !NAME.matcher(name).matches()) {
            throw new CliException(
                    place + ": a header is written NAME:VALUE, with a name of letters, digits and hyphens");
        }
        if (OURS.contains(name.toLowerCase(Locale.ROOT))) {
            throw new CliException(place + ": this header is set for each request, and can't be given; it is one of "
                    + OURS.stream().sorted().toList());
        }
        return new Header(name, checked(text.substring(end + 1), place));
    }

    private static String checked(String value, String place) {
        String stripped = BLANKS.matcher(value).replaceAll("");
        if (!VALUE.matcher(stripped).matches()) {
            throw new CliException(
                    place + ": the value has a character that a header can't have, such as a line break or a letter"
                            + " that is not in ASCII");
        }
        return stripped;
    }
}
