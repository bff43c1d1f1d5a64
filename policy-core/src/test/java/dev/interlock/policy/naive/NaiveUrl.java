package dev.interlock.policy.naive;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where a URL leads: only as much of it as the generated cases need. The tables hold the rest. */
final class NaiveUrl {

    private static final Pattern URL = Pattern.compile("(?i)(https?|wss?)://([^/?#@:\\s\\\\]+|\\[[0-9a-f:.]+])"
            + "(?::([0-9]*))?(/[^?#\\s\\\\]*)?(?:[?#][^\\s\\\\]*)?");

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

    static Outcome isAtOrBelow(String url, List<String> listed) {
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            return Outcome.INVALID;
        }
        List<List<String>> paths = readings(path(parts));
        if (paths.isEmpty()) {
            return Outcome.INVALID;
        }
        List<Outcome> each = listed.stream()
                .map(URL::matcher)
                .filter(wanted -> wanted.matches()
                        && scheme(wanted).equals(scheme(parts))
                        && port(wanted).equals(port(parts))
                        && isOnOneOf("http://" + parts.group(2), List.of(wanted.group(2))) == Outcome.TRUE)
                .map(wanted -> isBelow(paths, names(path(wanted))))
                .toList();
        return each.contains(Outcome.TRUE)
                ? Outcome.TRUE
                : each.contains(Outcome.INVALID) ? Outcome.INVALID : Outcome.FALSE;
    }

    private static String scheme(Matcher url) {
        return url.group(1).toLowerCase(Locale.ROOT);
    }

    private static String port(Matcher url) {
        String port = url.group(3);
        boolean none = port == null || port.isEmpty();
        return !none ? port : scheme(url).endsWith("s") && !scheme(url).equals("ws") ? "443" : "80";
    }

    private static String path(Matcher url) {
        return url.group(4) == null ? "/" : url.group(4);
    }

    private static List<String> names(String path) {
        return List.of(path.replaceAll("^/|/$", "").split("/"));
    }

    /** As it is written, decoded, and both without dots and empty names. None if they lead to different places. */
    private static List<List<String>> readings(String path) {
        String decoded = path.replaceAll("(?i)%2f", "/").replaceAll("(?i)%2e", ".");
        boolean climbs = decoded.contains("/..");
        if (climbs && (!decoded.equals(path) || path.contains("//"))) {
            return List.of();
        }
        List<List<String>> readings = new ArrayList<>();
        for (String reading : Stream.of(path, decoded).distinct().toList()) {
            List<String> resolved = new ArrayList<>();
            for (String name : names(reading)) {
                if (name.equals("..")) {
                    if (resolved.isEmpty()) {
                        return List.of();
                    }
                    resolved.remove(resolved.size() - 1);
                } else if (!name.isEmpty() && !name.equals(".")) {
                    resolved.add(name);
                }
            }
            readings.add(names(reading));
            readings.add(resolved);
        }
        return readings;
    }

    private static Outcome isBelow(List<List<String>> readings, List<String> listed) {
        if (listed.equals(List.of(""))) {
            return Outcome.TRUE;
        }
        List<Boolean> each =
                readings.stream().map(names -> begins(names, listed)).distinct().toList();
        boolean loosely = readings.stream().anyMatch(names -> begins(lower(names), lower(listed)));
        return each.equals(List.of(true)) ? Outcome.TRUE : loosely ? Outcome.INVALID : Outcome.FALSE;
    }

    private static boolean begins(List<String> names, List<String> listed) {
        return names.size() >= listed.size() && names.subList(0, listed.size()).equals(listed);
    }

    private static List<String> lower(List<String> names) {
        return names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
    }
}
