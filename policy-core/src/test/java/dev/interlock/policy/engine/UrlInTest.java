package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Operator;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code url_in} against the ways to write one URL and reach another. */
class UrlInTest {

    private static final String LISTED = "https://api.example.com/v1/";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://api.example.com/v1",
                "https://api.example.com/v1/",
                "https://api.example.com/v1/users/7",
                "HTTPS://API.Example.COM/v1/x",
                "https://api.example.com./v1/x",
                "https://api.example.com:443/v1/x",
                "https://api.example.com:/v1/x",
                "https://api.example.com:0443/v1/x",
                "https://api.example.com/v1?next=https://evil.org/../x",
                "https://api.example.com/v1#/../../x",
                "https://api.example.com/v1/a@b:c/$count/~ana/(x)*",
                "https://api.example.com/v1/x//y/",
                "https://api.example.com/v1/./x",
                "https://api.example.com/v1/a/../b",
                "https://api.example.com/v1/group%2Fproject",
                "https://api.example.com/v1/100%25",
                "https://api.example.com/v1/C%23?x",
                "https://api.example.com/v1/a%20b",
                "https://api.example.com/v1/caf\u00e9",
                "https://api.example.com/%76%31/x",
                "https://api.example\u3002com/v1/x",
                "https://\uff41pi.example.com/v1/x"
            })
    void theseAreInside(String url) {
        assertThat(isInside(url, LISTED)).isTrue();
        assertThat(passesBy(url, LISTED)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://api.example.com/v1/x",
                "wss://api.example.com/v1/x",
                "http://api.example.com:443/v1/x",
                "https://api.example.com:80/v1/x",
                "https://api.example.com:8443/v1/x",
                "https://example.com/v1/x",
                "https://a.api.example.com/v1/x",
                "https://api.example.com.evil.org/v1/x",
                "https://evil.org/https://api.example.com/v1/x",
                "https://evil.org?https://api.example.com/v1/x",
                "https://evil.org#@api.example.com/v1/x",
                "https://api.example.com",
                "https://api.example.com/",
                "https://api.example.com?/v1/x",
                "https://api.example.com/v10",
                "https://api.example.com/v",
                "https://api.example.com/v1.1/x",
                "https://api.example.com/x/v1",
                "https://api.example.com/a/../b"
            })
    void theseArePlainlyElsewhere(String url) {
        assertThat(isInside(url, LISTED)).isFalse();
        assertThat(passesBy(url, LISTED)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "api.example.com/v1/x",
                "//api.example.com/v1/x",
                "/v1/x",
                "https:api.example.com/v1/x",
                "https:/api.example.com/v1/x",
                "https:///api.example.com/v1/x",
                "https://",
                "https:///v1/x",
                "ftp://api.example.com/v1/x",
                "file:///v1/x",
                "javascript:https://api.example.com/v1/x",
                "view-source:https://api.example.com/v1/x",
                "https://user@api.example.com/v1/x",
                "https://user:secret@api.example.com/v1/x",
                "https://@api.example.com/v1/x",
                "https://a@b@api.example.com/v1/x",
                "https://api.example.com@evil.org/v1/x",
                "https://evil.org\\@api.example.com/v1/x",
                "https:\\\\api.example.com\\v1\\x",
                "https://api.example.com/v1\\x",
                "https://api.example.com/v1/x?a=\\",
                " https://api.example.com/v1/x",
                "https://api.example.com/v1/x ",
                "https://api.example.com/v1/a b",
                "https://api.exam\tple.com/v1/x",
                "https://api.example.com/v1/\nx",
                "https://api.example.com/v1/\u0000x",
                "https://api.example.com/v1/\u2028x",
                "https://api.example.com/v1/x#\r\n",
                "https://api%2eexample.com/v1/x",
                "https://api.example.com:port/v1/x",
                "https://api.example.com:65979/v1/x",
                "https://api.example.com:443:443/v1/x",
                "https://api.example.com:-443/v1/x",
                "https://fa\u00df.example.com/v1/x",
                "https://api.example.com../v1/x",
                "https://api.example.com/V1/x",
                "https://api.example.com/v1./x",
                "https://api.example.com/v1%20/x",
                "https://api.example.com/v1;a=b/x",
                "https://api.example.com/v1%3f/x",
                "https://api.example.com/v1%23",
                "https://api.example.com/v1\u200b/x",
                "https://api.example.com/\uff561/x",
                "https://api.example.com//v1/x",
                "https://api.example.com/./v1/x",
                "https://api.example.com/x/../v1/x",
                "https://api.example.com/v1/../x",
                "https://api.example.com/../v1/x",
                "https://api.example.com/v1/..",
                "https://api.example.com/v1//../x",
                "https://api.example.com/v1/%2e%2e/x",
                "https://api.example.com/v1/a/%2E./b",
                "https://api.example.com/v1/%252e%252e/x",
                "https://api.example.com/%2e/v1/x",
                "https://api.example.com/v1/..%2fx",
                "https://api.example.com/v1%2fx",
                "https://api.example.com/v1%5cx",
                "https://api.example.com/v1%252fx",
                "https://api.example.com/v1/..%5c..%5cx",
                "https://api.example.com/v1/..;/x",
                "https://api.example.com/v1/.../x",
                "https://api.example.com/v1/a;b/../../x",
                "https://api.example.com/v1/%00",
                "https://api.example.com/v1/%0d%0aHost:x",
                "https://api.example.com/v1/%09",
                "https://api.example.com/v1/%c0%ae%c0%ae/x",
                "https://api.example.com/v1/%ff",
                "https://api.example.com/v1/%",
                "https://api.example.com/v1/%2",
                "https://api.example.com/v1/%zz",
                "https://api.example.com/v1/%u002e",
                "https://api.example.com/v1/\uff0e\uff0e/x",
                "https://api.example.com/v1/..\uff0fx",
                "https://api.example.com/v1/..\u2215x",
                "https://api.example.com/v1/{a,../../x}",
                "https://api.example.com/v1/[1-3]",
                "https://api.example.com/v1/SECRET~1/x",
                "https://api.example.com/v1/%252525252541"
            })
    void theseAreReadInTwoWaysOrNotAtAll(String url) {
        assertThat(isInside(url, LISTED)).isFalse();
        assertThat(passesBy(url, LISTED)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "https://*.example.com:8443/v1/, https://a.b.example.com:8443/v1/x, https://example.com:8443/v1/x",
        "https://example.com, https://example.com/a, http://example.com/a",
        "HTTPS://EXAMPLE.com.:443, https://example.com, https://www.example.com",
        "http://example.com:443/, http://example.com:443/a, https://example.com/a",
        "ws://example.com:80/feed, ws://example.com/feed, wss://example.com/feed",
        "wss://example.com/feed, wss://example.com:443/feed/1, wss://example.com/feeds",
        "http://127.0.0.1:8080/, http://0x7f.1:8080/a, http://127.0.0.1/a",
        "http://127.0.0.1/, http://[::ffff:7f00:1]/a, http://127.0.0.2/a",
        "http://[2001:DB8::1]:81/a, http://[2001:db8:0:0::1]:81/a/b, http://[2001:db8::2]:81/a/b",
        "http://private/, http://169.254.169.254/latest, http://8.8.8.8/latest",
        "https://bücher.example/a, https://xn--bcher-kva.example/a, https://bucher.example/a",
        "https://example.com/café, https://example.com/caf%C3%A9/x, https://example.com/cafe",
        "https://example.com/caf%C3%A9, https://example.com/cafe%CC%81/x, https://example.com/caf",
        "https://example.com/a/b:c, https://example.com/a/b:c/d, https://example.com/a/c"
    })
    void whatIsListedMayBeWrittenLikeThis(String listed, String inside, String outside) {
        assertThat(isInside(inside, listed)).isTrue();
        assertThat(passesBy(inside, listed)).isFalse();
        assertThat(isInside(outside, listed)).isFalse();
        assertThat(passesBy(outside, listed)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://[64:ff9b:1:808:8:800::]/", "http://[64:ff9b:1:808:8:800::]/x"})
    void whereTheNetworkDecidesWhichHostItIsNeitherIsTrusted(String url) {
        assertThat(isInside(url, "http://8.8.8.8/")).isFalse();
        assertThat(passesBy(url, "http://8.8.8.8/")).isFalse();
        assertThat(passesBy(url, "http://8.8.8.8/y")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "example.com/v1, is not an absolute",
        "ftp://example.com/, is not an absolute",
        "https:\\\\example.com, is not an absolute",
        "https://example.com:99999/, is not an absolute",
        "https://ana@example.com/, has user-info",
        "https://@example.com/, has user-info",
        "https://example.com/?a, has a query or a fragment",
        "https://example.com/#, has a query or a fragment",
        "https:///v1, is not a host name",
        "https://*/v1, is not a host name",
        "https://*.10.0.0.1/v1, is not a host name",
        "https://10.0.0.0/8, is a network",
        "https://example.com/v1/*, has a '*' in its path",
        "https://example.com/v1/../v2, has a path that programs read differently",
        "https://example.com/v1//a, has a path that programs read differently",
        "https://example.com/v1/./a, has a path that programs read differently",
        "https://example.com/a;b, has a path that programs read differently",
        "https://example.com/a%2fb, has a path that programs read differently",
        "https://example.com/C%23, has a path that programs read differently",
        "https://example.com/100%25, has a path that programs read differently",
        "https://example.com/a%20b, has a path that programs read differently",
        "https://example.com/A~1, has a path that programs read differently",
        "https://example.com/a%E2%80%8Bb, has a path that programs read differently"
    })
    void whatNoUrlWouldSurelyLieBelowCannotBeListed(String url, String problem) {
        assertThatThrownBy(() -> Comparison.of(when("args.url", Operator.URL_IN, List.of(LISTED, url))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void aNumberIsThePathOfAMachineIfASlashFollows() {
        assertThat(isInside("http://10.0.0.0/8/x", "http://10.0.0.0/8/")).isTrue();
    }

    @Test
    void oneUrlMayStandForTheListAndNoneForNothing() {
        String url = "https://api.example.com/v1/x";
        assertThat(new Desk(require(when("args.url", Operator.URL_IN, LISTED)))
                        .decide(Map.of("url", url))
                        .allowed())
                .isTrue();
        assertThat(new Desk(denyIf(when("args.url", Operator.URL_IN, List.of())))
                        .decide(Map.of("url", url))
                        .allowed())
                .isTrue();
    }

    @Test
    void whatIsNoTextIsInvalidAndWhatIsMissingIsFalse() {
        for (Object value : Arrays.asList(1, true, null, List.of("https://api.example.com/v1/x"), Map.of())) {
            Map<String, Object> arguments = new HashMap<>();
            arguments.put("url", value);
            assertThat(new Desk(denyIf(when("args.url", Operator.URL_IN, List.of(LISTED))))
                            .decide(arguments)
                            .allowed())
                    .as(String.valueOf(value))
                    .isFalse();
        }
        assertThat(new Desk(denyIf(when("args.url", Operator.URL_IN, List.of(LISTED))))
                        .decide(Map.of())
                        .allowed())
                .isTrue();
    }

    @Test
    void theMessageSaysWhichUrlsAreAcceptedAndNotWhichOneWasGiven() {
        String message = new Desk(require(when("args.url", Operator.URL_IN, List.of(LISTED))))
                .decide(Map.of("url", "https://evil.org/secret"))
                .message();

        assertThat(message)
                .contains("args.url must be a URL at or below [\"https://api.example.com/v1/\"]")
                .doesNotContain("evil");
    }

    @Test
    void textsAreReadUpToTheBound() {
        assertThat(isInside(LISTED + "a".repeat(4_096 - LISTED.length()), LISTED))
                .isTrue();
        assertThat(passesBy("https://evil.org/" + "a".repeat(4_096), LISTED)).isFalse();
        assertThat(passesBy("https://evil.org/a" + "\u0300".repeat(31), LISTED)).isFalse();
        assertThat(passesBy("https://evil.org/a" + "%CC%80".repeat(31), LISTED)).isFalse();
    }

    private static boolean isInside(String url, String listed) {
        return new Desk(require(when("args.url", Operator.URL_IN, List.of(listed))))
                .decide(Map.of("url", url))
                .allowed();
    }

    private static boolean passesBy(String url, String listed) {
        return new Desk(denyIf(when("args.url", Operator.URL_IN, List.of(listed))))
                .decide(Map.of("url", url))
                .allowed();
    }
}
