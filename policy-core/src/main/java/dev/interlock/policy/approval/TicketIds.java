package dev.interlock.policy.approval;

import java.security.SecureRandom;
import java.util.function.Supplier;

/** Creates ids with 80 random bits, in letters and digits that are hard to confuse: {@code 4k9m-tz2q-0d7x-b1hn}. */
final class TicketIds implements Supplier<String> {

    private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
    private static final int LENGTH = 16;

    private final SecureRandom random = new SecureRandom();

    @Override
    public String get() {
        StringBuilder id = new StringBuilder();
        for (int i = 0; i < LENGTH; i++) {
            id.append(i > 0 && i % 4 == 0 ? "-" : "").append(DIGITS.charAt(random.nextInt(DIGITS.length())));
        }
        return id.toString();
    }
}
