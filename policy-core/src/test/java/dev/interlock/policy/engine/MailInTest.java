package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Operator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code mail_in} against the ways to write one address and reach another. */
class MailInTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ana@example.com",
                "ANA@EXAMPLE.COM",
                "ana@example.com.",
                "ana.b+news@example.com",
                "o'brien@example.com",
                "<ana@example.com>",
                "Ana <ana@example.com>",
                "Ana B. Lima <ana@Example.com>",
                "\"Ana Lima\" <ana@example.com>",
                "J\u00f6rg M\u00fcller <ana@example.com>",
                "\u5c71\u7530 <ana@example.com>",
                "O'Brien & Co. <ana@example.com>",
                " ana@example.com ",
                "ana@\uff45xample.com",
                "ana@example\u3002com"
            })
    void theseGoThere(String mail) {
        assertThat(goesTo(mail, "example.com")).isTrue();
        assertThat(passesBy(mail, "example.com")).isFalse();
        assertThat(passesBy(mail, "evil.org")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "example.com",
                "@example.com",
                "ana@",
                "ana@@example.com",
                "eve@evil.org, ana@example.com",
                "eve@evil.org,ana@example.com",
                "eve@evil.org; ana@example.com",
                "eve@evil.org ana@example.com",
                "eve@evil.org\n@example.com",
                "eve@evil.org\r\n@example.com",
                "ana@example.com\nBcc: eve@evil.org",
                "ana@example.com\r",
                "ana@example.com\u0000",
                "ana\t@example.com",
                "ana @example.com",
                "ana@ example.com",
                "ana@example.com (eve@evil.org)",
                "(eve@evil.org) ana@example.com",
                "ana(x)@example.com",
                "<@evil.org:ana@example.com>",
                "@evil.org,@b.example:ana@example.com",
                "eve@evil.org@example.com",
                "eve%evil.org@example.com",
                "evil.org!eve@example.com",
                "\"eve@evil.org\"@example.com",
                "\"eve\"@example.com",
                "`id`@example.com",
                "-oQ/tmp@example.com",
                "|sh@example.com",
                "/etc/passwd@example.com",
                "ana..b@example.com",
                ".ana@example.com",
                "ana.@example.com",
                "'ana'@example.com",
                "us\u00e9r@example.com",
                "eve\uff20evil.org,a@example.com",
                "eve@evil.org\uff0cana@example.com",
                "mailto:ana@example.com",
                "Friends: ana@example.com;",
                "Friends: eve@evil.org, ana@example.com;",
                "<eve@evil.org> <ana@example.com>",
                "<eve@evil.org>, Ana <ana@example.com>",
                "eve@evil.org <ana@example.com>",
                "\"eve@evil.org\" <ana@example.com>",
                "\"eve, x\" <ana@example.com>",
                "eve; x <ana@example.com>",
                "eve: x <ana@example.com>",
                "e\uff20vil <ana@example.com>",
                "e\uff0cvil <ana@example.com>",
                "e\ufe64vil <ana@example.com>",
                "a\\b <ana@example.com>",
                "a\"b <ana@example.com>",
                "\"a\"b\" <ana@example.com>",
                "Ana\n <ana@example.com>",
                "Ana\u2028 <ana@example.com>",
                "Ana (work) <ana@example.com>",
                "Ana <ana@example.com> x",
                "Ana <ana@example.com",
                "Ana ana@example.com>",
                "Ana <<ana@example.com>>",
                "Ana < ana@example.com>",
                "=?utf-8?q?eve=40evil.org=2c?= <ana@example.com>",
                "=?utf-8?q?eve=40evil.org=3e=20?=@example.com",
                "ana@[10.0.0.1]",
                "ana@10.0.0.1",
                "ana@2130706433",
                "ana@[::1]",
                "ana@exam%70le.com",
                "ana@example..com",
                "ana@example.com/x",
                "ana@example.com:25",
                "ana@example.com@",
                "ana@exam ple.com"
            })
    void theseAreNotSurelyOneAddress(String mail) {
        for (String listed : List.of("example.com", "*.com", "ana@example.com", "evil.org", "neither.example")) {
            assertThat(goesTo(mail, listed)).as(listed).isFalse();
            assertThat(passesBy(mail, listed)).as(listed).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "eve@evil.org",
                "ana@sub.example.com",
                "ana@notexample.com",
                "ana@example.com.evil.org",
                "ana@ex\u0430mple.com",
                "example.com@evil.org"
            })
    void theseGoElsewhere(String mail) {
        assertThat(goesTo(mail, "example.com")).isFalse();
        assertThat(passesBy(mail, "example.com")).isTrue();
    }

    @Test
    void aWildcardStandsForEverythingBelowADomainButNotForIt() {
        assertThat(goesTo("ana@a.example.com", "*.example.com")).isTrue();
        assertThat(goesTo("ana@a.b.example.com", "*.example.com")).isTrue();
        assertThat(goesTo("ana@example.com", "*.example.com")).isFalse();
        assertThat(goesTo("ana@notexample.com", "*.example.com")).isFalse();
    }

    @Test
    void aWholeAddressIsComparedWithoutCase() {
        assertThat(goesTo("Ana <ANA@example.COM>", "ana@Example.com")).isTrue();
        assertThat(goesTo("bob@example.com", "ana@example.com")).isFalse();
        assertThat(goesTo("ana@b\u00fccher.example", "ana@xn--bcher-kva.example"))
                .isTrue();
        assertThat(passesBy("Eve@Evil.org.", "eve@evil.org")).isFalse();
        assertThat(passesBy("eva@evil.org", "eve@evil.org")).isTrue();
    }

    @Test
    void everyElementOfAListIsOneAddress() {
        Desk desk = new Desk(require(when("args.to[*]", Operator.MAIL_IN, List.of("example.com"))));
        assertThat(desk.decide(Map.of("to", List.of("a@example.com", "b@example.com")))
                        .allowed())
                .isTrue();
        assertThat(desk.decide(Map.of("to", List.of("a@example.com", "b@evil.org")))
                        .allowed())
                .isFalse();
        assertThat(desk.decide(Map.of("to", List.of(List.of("a@example.com")))).allowed())
                .isFalse();
    }

    @Test
    void whatIsNoTextIsInvalid() {
        for (Object value : List.of(5, true, List.of("ana@example.com"), Map.of("a", "ana@example.com"))) {
            for (String listed : List.of("example.com", "evil.org")) {
                Desk require = new Desk(require(when("args.mail", Operator.MAIL_IN, listed)));
                Desk deny = new Desk(denyIf(when("args.mail", Operator.MAIL_IN, listed)));
                assertThat(require.decide(Map.of("mail", value)).allowed()).isFalse();
                assertThat(deny.decide(Map.of("mail", value)).allowed()).isFalse();
            }
        }
    }

    @Test
    void aTextIsBounded() {
        String name = "a".repeat(64);
        assertThat(goesTo(name + "@example.com", "example.com")).isTrue();
        assertThat(goesTo(name + "a@example.com", "example.com")).isFalse();
        assertThat(goesTo("A ".repeat(490) + "<ana@example.com>", "example.com"))
                .isTrue();
        assertThat(goesTo("A ".repeat(500) + "<ana@example.com>", "example.com"))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@example.com",
                "*@example.com",
                "Ana <ana@example.com>",
                "ana@example.com, bob@example.com",
                "a b",
                "fa\u00df.de",
                "*.",
                "10.0.0.1",
                "[::1]",
                "10.0.0.0/8",
                "https://example.com/",
                "ana@10.0.0.1"
            })
    void anOperandThatMeansNoAddressIsRefused(String listed) {
        assertThatThrownBy(() -> when("args.mail", Operator.MAIL_IN, List.of(listed)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + listed + "' is not a ");
    }

    @Test
    void theAgentIsToldWhoMayBeWrittenTo() {
        assertThat(new Desk(require(when("args.mail", Operator.MAIL_IN, List.of("example.com"))))
                        .decide(Map.of("mail", "eve@evil.org"))
                        .message())
                .isEqualTo("The call does not meet rule 'tools.pay.require[0]': args.mail must be exactly one mail"
                        + " address of [\"example.com\"].");
    }

    private static boolean goesTo(String mail, String listed) {
        return new Desk(require(when("args.mail", Operator.MAIL_IN, List.of(listed))))
                .decide(Map.of("mail", mail))
                .allowed();
    }

    private static boolean passesBy(String mail, String forbidden) {
        return new Desk(denyIf(when("args.mail", Operator.MAIL_IN, List.of(forbidden))))
                .decide(Map.of("mail", mail))
                .allowed();
    }
}
