package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** {@code mail_in} against an oracle that knows the address before it is written down. */
class MailInProperties {

    record Mailbox(String local, String domain) {
        String text() {
            return local + "@" + domain;
        }
    }

    /** Each writes one address in another way, and means the same. */
    private static final List<UnaryOperator<String>> SAME = List.of(
            mail -> mail,
            mail -> mail.toUpperCase(Locale.ROOT),
            mail -> mail + ".",
            mail -> " " + mail + " ",
            mail -> "<" + mail + ">",
            mail -> "Some Body <" + mail + ">",
            mail -> "\"Some Body, Jr\"".replace(",", "") + " <" + mail + ">");

    /** Each adds something by which some mail program reaches somebody else, or more than one. */
    private static final List<UnaryOperator<String>> TRICKS = List.of(
            mail -> "eve@evil.org, " + mail,
            mail -> mail + ", eve@evil.org",
            mail -> mail + "; eve@evil.org",
            mail -> mail + "\nBcc: eve@evil.org",
            mail -> mail + "\r\n",
            mail -> "eve@evil.org <" + mail + ">",
            mail -> "\"eve@evil.org\" <" + mail + ">",
            mail -> mail + " (eve@evil.org)",
            mail -> "<@evil.org:" + mail + ">",
            mail -> mail.replace("@", "%example.com@"),
            mail -> mail.replace("@", "@evil.org@"),
            mail -> "evil.org!" + mail,
            mail -> "\"" + mail.replace("@", "\"@"),
            mail -> mail.replace("@", "\uff20evil.org@"),
            mail -> "=?utf-8?q?eve=40evil.org?= <" + mail + ">",
            mail -> "all: " + mail + ";");

    @Property
    void whoIsListedDoesNotDependOnTheSpelling(
            @ForAll("mailboxes") Mailbox mailbox, @ForAll("listed") List<String> listed, @ForAll("same") int spelling) {
        boolean expected = listed.stream()
                .anyMatch(item -> item.contains("@")
                        ? item.equals(mailbox.text())
                        : item.startsWith("*.")
                                ? mailbox.domain().endsWith(item.substring(1))
                                : item.equals(mailbox.domain()));

        assertThat(MailAddresses.of(listed).include(SAME.get(spelling).apply(mailbox.text())))
                .isEqualTo(Truth.of(expected));
    }

    @Property
    void noTrickIsOneAddress(
            @ForAll("mailboxes") Mailbox mailbox, @ForAll("listed") List<String> listed, @ForAll("tricks") int trick) {
        assertThat(MailAddresses.of(listed).include(TRICKS.get(trick).apply(mailbox.text())))
                .isEqualTo(Truth.INVALID);
    }

    @Property
    void whatIsPutBeforeOrBehindAnAddressNeverMakesItAListedOne(
            @ForAll("mailboxes") Mailbox mailbox, @ForAll("noise") String before, @ForAll("noise") String behind) {
        String spelled = before + "eve@evil.org" + behind;
        MailAddresses listed = MailAddresses.of(List.of("example.com", "*.example.com", mailbox.text()));
        assertThat(listed.include(spelled)).as(spelled).isNotEqualTo(Truth.TRUE);

        String mail = before + mailbox.text() + behind;
        MailAddresses theDomain = MailAddresses.of(List.of(mailbox.domain()));
        if (theDomain.include(mail) == Truth.FALSE) {
            // It has become another address, all of which can be seen.
            assertThat(mail.strip()).matches("[^\\s@<>,;:()]*@[^\\s@<>,;:()]*|[^@]*<[^\\s@<>,;:()]*@[^\\s@<>,;:()]*>");
        }
    }

    @Provide
    Arbitrary<Mailbox> mailboxes() {
        return Combinators.combine(
                        Arbitraries.of("ana", "a.b", "x+y", "o'brien", "a_b-c"),
                        Arbitraries.of("example.com", "a.example.com", "evil.org", "notexample.com"))
                .as(Mailbox::new);
    }

    @Provide
    Arbitrary<List<String>> listed() {
        return Arbitraries.of("example.com", "*.example.com", "evil.org", "ana@example.com", "x+y@evil.org")
                .list()
                .ofMaxSize(3);
    }

    @Provide
    Arbitrary<Integer> same() {
        return Arbitraries.integers().between(0, SAME.size() - 1);
    }

    @Provide
    Arbitrary<Integer> tricks() {
        return Arbitraries.integers().between(0, TRICKS.size() - 1);
    }

    @Provide
    Arbitrary<String> noise() {
        return Arbitraries.strings()
                .withChars(" ,;:<>()@\"'%!\\\n\tax.\uff0c\uff20\u2028")
                .ofMaxLength(5);
    }
}
