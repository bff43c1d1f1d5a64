package dev.interlock.policy.naive;

import java.util.List;
import java.util.Locale;

/** Whose mail address a text is: only as much of it as the generated cases need. The tables hold the rest. */
final class NaiveMail {

    private NaiveMail() {}

    static Outcome isOneOf(String text, List<String> listed) {
        String inner = text.strip().toLowerCase(Locale.ROOT);
        if (inner.endsWith(">") && inner.indexOf('<') >= 0) {
            String name = inner.substring(0, inner.indexOf('<'));
            if (!name.replaceAll("[@>,;:()\\\\\"]|\\p{Cntrl}", "").equals(name)) {
                return Outcome.INVALID;
            }
            inner = inner.substring(inner.indexOf('<') + 1, inner.length() - 1);
        }
        String address = inner;
        if (!address.matches("[a-z0-9_+]+([.-][a-z0-9_+]+)*@[a-z0-9-]+([.][a-z0-9-]+)*[.]?")) {
            return Outcome.INVALID;
        }
        String domain = address.substring(address.indexOf('@') + 1).replaceAll("[.]$", "");
        String whole = address.replaceAll("[.]$", "");
        return Outcome.of(listed.stream()
                .map(item -> item.toLowerCase(Locale.ROOT))
                .anyMatch(item -> item.contains("@")
                        ? item.equals(whole)
                        : item.startsWith("*.") ? domain.endsWith(item.substring(1)) : domain.equals(item)));
    }
}
