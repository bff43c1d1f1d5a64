package dev.interlock.policy.engine;

import dev.interlock.policy.MailAddress;
import dev.interlock.policy.text.HostName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** A set of mail addresses and domains that can tell whether a text is one of them. */
final class MailAddresses {

    private final Set<String> addresses = new HashSet<>();
    private final Set<String> domains = new HashSet<>();
    private final List<String> suffixes = new ArrayList<>();

    private MailAddresses() {}

    /**
     * Creates a set from addresses as policies write them: domains, {@code *.example.com} for every domain below a
     * domain, whole addresses.
     */
    static MailAddresses of(List<String> addresses) {
        MailAddresses result = new MailAddresses();
        for (String each : addresses) {
            if (each.indexOf('@') >= 0) {
                result.addresses.add(
                        Objects.requireNonNull(MailAddress.parse(each)).toString());
            } else if (each.startsWith("*.")) {
                result.suffixes.add("." + Objects.requireNonNull(HostName.canonical(each.substring(2))));
            } else {
                result.domains.add(Objects.requireNonNull(HostName.canonical(each)));
            }
        }
        return result;
    }

    /** Whether a text is in this set. Invalid if it is not exactly one mail address. */
    Truth include(String text) {
        MailAddress address = MailAddress.parse(text);
        if (address == null) {
            return Truth.INVALID;
        }
        return Truth.of(domains.contains(address.domain())
                || suffixes.stream().anyMatch(address.domain()::endsWith)
                || (!addresses.isEmpty() && addresses.contains(address.toString())));
    }
}
