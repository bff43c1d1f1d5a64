package dev.interlock.policy.adapter;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * How MCP 2026-07-28 writes a value of a message into an HTTP header that repeats it, such as {@code Mcp-Name} or
 * {@code Mcp-Param-Region}.
 */
public final class HeaderValue {

    private static final String PREFIX = "=?base64?";
    private static final String SUFFIX = "?=";

    private HeaderValue() {}

    /**
     * Returns the value of the header: the text itself, or its Base64 form if a header can't carry the text safely, or
     * if a server would take the text for a Base64 form.
     *
     * <p>Visible ASCII characters and spaces between them are safe. A tab is legal in a header, but also a control
     * character, and MCP demands the Base64 form for those. An empty header is legal, too, but is easily lost on the
     * way. Every server must decode the Base64 form.
     */
    public static String encoded(String text) {
        return isSafe(text)
                ? text
                : PREFIX + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)) + SUFFIX;
    }

    private static boolean isSafe(String text) {
        return !text.isEmpty()
                && text.charAt(0) != ' '
                && text.charAt(text.length() - 1) != ' '
                && text.chars().allMatch(c -> c >= ' ' && c <= '~')
                && !(text.startsWith(PREFIX) && text.endsWith(SUFFIX));
    }
}
