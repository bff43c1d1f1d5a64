package dev.interlock.policy.naive;

import java.util.List;
import java.util.Locale;

/** Which host a URL names: only as much of it as the generated cases need. The tables hold the rest. */
final class NaiveUrl {

    private NaiveUrl() {}

    static Outcome isOnOneOf(String url, List<String> hosts) {
        String lower = url.toLowerCase(Locale.ROOT);
        if (!lower.startsWith("http://") && !lower.startsWith("https://")) {
            return Outcome.INVALID;
        }
        String host = lower.substring(lower.indexOf("://") + 3);
        for (char end : "/?#".toCharArray()) {
            host = host.indexOf(end) < 0 ? host : host.substring(0, host.indexOf(end));
        }
        host = host.substring(host.lastIndexOf('@') + 1);
        host = host.replaceAll("^\\[::ffff:([0-9.]+)]", "$1");
        host = host.indexOf(':') < 0 ? host : host.substring(0, host.indexOf(':'));
        String real = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        return Outcome.of(hosts.stream()
                .map(listed -> listed.toLowerCase(Locale.ROOT))
                .anyMatch(listed -> isListed(real, listed)));
    }

    private static boolean isListed(String host, String listed) {
        return switch (listed) {
            case "10.0.0.0/8" -> host.matches("10[.][0-9.]+");
            case "private" -> host.matches("(10|127)[.][0-9.]+|(.*[.])?localhost");
            default -> listed.startsWith("*.") ? host.endsWith(listed.substring(1)) : host.equals(listed);
        };
    }
}
