package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.Skeleton;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Texts of a caller are normalized only within bounds: normalizing a long row of combining marks takes time in the
 * square of its length, which is minutes for what fits into the arguments of one call. Each of these would run into the
 * time-out if the bound came after the work.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BoundedTextTest {

    private static final Condition INSIDE = when("args.at", Operator.WITHIN_PATH, "/app");
    private static final Condition LISTED = when("args.at", Operator.HOST_IN, List.of("example.com"));

    /** Marks of different classes in turn, which normalization has to put in order. */
    private static String marks(int length) {
        return "\u0300\u0316".repeat(length / 2) + (length % 2 == 0 ? "" : "\u0300");
    }

    private static boolean holds(Condition condition, String at) {
        return new Desk(require(condition)).decide(Map.of("at", at)).allowed();
    }

    private static boolean isInvalid(Condition condition, String at) {
        return !holds(condition, at)
                && !new Desk(denyIf(condition)).decide(Map.of("at", at)).allowed();
    }

    @Test
    void pathsAreReadUpToSoManyCharacters() {
        assertThat(holds(INSIDE, "/app/" + "a".repeat(4_091))).isTrue();
        assertThat(isInvalid(INSIDE, "/app/" + "a".repeat(4_092))).isTrue();
        assertThat(isInvalid(INSIDE, "/etc/" + "a".repeat(4_092))).isTrue();
        assertThat(holds(INSIDE, "/app/" + "\ud83d\ude00".repeat(4_091))).isTrue();
        assertThat(isInvalid(INSIDE, "/app/" + "\ud83d\ude00".repeat(4_092))).isTrue();
    }

    @Test
    void urlsAreReadUpToSoManyCharacters() {
        String url = "https://example.com/";
        assertThat(holds(LISTED, url + "a".repeat(4_096 - url.length()))).isTrue();
        assertThat(isInvalid(LISTED, url + "a".repeat(4_097 - url.length()))).isTrue();
        assertThat(isInvalid(LISTED, "https://evil.org/" + "a".repeat(4_097))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0300", "\u0903", "\u20dd", "\u034f", "\ud834\udd65", "\u0344"})
    void soManyMarksMayStandInARow(String mark) {
        assertThat(holds(INSIDE, "/app/a" + mark.repeat(30) + "/b")).isTrue();
        assertThat(isInvalid(INSIDE, "/app/a" + mark.repeat(31) + "/b")).isTrue();
        assertThat(holds(INSIDE, "/app/a" + mark.repeat(30) + "a" + mark.repeat(30)))
                .isTrue();
        assertThat(holds(LISTED, "https://example.com/a" + mark.repeat(30))).isTrue();
        assertThat(isInvalid(LISTED, "https://example.com/a" + mark.repeat(31))).isTrue();
    }

    @Test
    void marksThatAreEncodedCountWhenTheyAreDecoded() {
        assertThat(isInvalid(INSIDE, "/app/a" + "%CC%80".repeat(31))).isTrue();
        assertThat(isInvalid(INSIDE, "/app/a" + "%25CC%2580".repeat(31))).isTrue();
        assertThat(holds(INSIDE, "/app/a" + "%CC%80".repeat(30))).isTrue();
    }

    @Test
    void aPathOfMarksIsRefusedUnread() {
        assertThat(isInvalid(INSIDE, "/app/" + marks(340_000))).isTrue();
        assertThat(isInvalid(INSIDE, "/app/" + ("a" + marks(31)).repeat(10_000)))
                .isTrue();
    }

    @Test
    void aHostOfMarksIsRefusedUnread() {
        assertThat(isInvalid(LISTED, "https://a" + marks(340_000) + ".com/")).isTrue();
        assertThat(isInvalid(LISTED, "https://" + "\u00e4".repeat(400_000) + ".com/"))
                .isTrue();
        assertThat(HostName.canonical("a" + marks(2_000_000))).isNull();
        assertThat(HostName.canonical("\u00e4".repeat(4_000_000))).isNull();
    }

    @Test
    void aNameOfMarksIsComparedUpToItsBound() {
        String name = "a" + marks(2_000_000);

        assertThat(Skeleton.of(name)).isEqualTo(Skeleton.of("a" + marks(30)));
    }

    @Test
    void aToolOrCallerNamedByMarksIsJudgedAtOnce() {
        Desk desk = new Desk(require());
        String name = "a" + marks(2_000_000);

        assertThat(desk.engine.decide(ToolCall.of(name, Map.of()).by(name)).allowed())
                .isFalse();
        assertThat(desk.engine
                        .decide(Desk.pay(Map.of()).by(name).in(name).on(name))
                        .allowed())
                .isTrue();
    }

    /** What can't be compared may pass for any member. */
    @Test
    void aMemberNamedByMarksMayBeAnyOther() {
        Map<String, Object> arguments = Map.of("at", "/app/x", "a" + marks(340_000), "/etc");
        assertThat(new Desk(require(INSIDE)).decide(arguments).allowed()).isFalse();
        assertThat(new Desk(denyIf(when("args.at", Operator.EQ, "/etc")))
                        .decide(arguments)
                        .allowed())
                .isFalse();
        assertThat(new Desk(require(INSIDE))
                        .decide(Map.of("at", "/app/x", "a" + marks(30), "/etc"))
                        .allowed())
                .isTrue();
    }
}
