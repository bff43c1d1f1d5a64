package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Entry;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.tool.AnnouncedTools;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An agent can't tell a tool that is kept from it from one that is not there; who keeps the records can. */
class HiddenNamesTest {

    private static final ToolDefinition GET = ToolDefinition.named("get_item");
    private static final ToolDefinition WIPE = ToolDefinition.named("wipe");
    private static final ToolDefinition UNLISTED = ToolDefinition.named("unlisted");

    /** Hidden, hidden by its entry, look-alikes of both, announced and not listed, in the list and never heard of. */
    private static final List<String> NAMES =
            List.of("wipe", "drop", "WIPE", "w\u0456pe", "Drop", "unlisted", "unknown");

    static List<Policy> denying() {
        return List.of(
                policy(Posture.DENY, Map.of(), Optional.empty()),
                policy(Posture.DENY, Map.of(), Optional.of(Map.of())),
                policy(Posture.DENY, Map.of(ToolCategory.FINANCIAL, listed("categories.financial")), Optional.empty()));
    }

    private static Entry listed(String place) {
        return Entry.listed(Place.of(place));
    }

    private static Policy policy(
            Posture posture, Map<ToolCategory, Entry> categories, Optional<Map<NamePattern, PolicyBody>> grants) {
        Entry hidden = new Entry(true, List.of(), List.of(), List.of(), List.of(), Place.of("tools.drop"));
        PolicyBody body = new PolicyBody(
                posture,
                List.of(new NamePattern("wipe")),
                Map.of(new NamePattern("get_item"), listed("tools.get_item"), new NamePattern("drop"), hidden),
                categories,
                Map.of(),
                Optional.empty(),
                Optional.empty());
        return new Policy("", Mode.ENFORCE, body, Map.of(), grants);
    }

    private static List<String> told(PolicyEngine engine) {
        AnnouncedTools tools = engine.tools().open("shop", new AtomicInteger());
        tools.listing(null).page(List.of(GET, WIPE, ToolDefinition.named("drop"), UNLISTED), null);
        List<String> told = new ArrayList<>();
        for (String name : NAMES) {
            Decision decision =
                    engine.decide(ToolCall.of(name, Map.of()).on("shop").among(tools));
            assertThat(decision.allowed()).as(name).isFalse();
            assertThat(decision.message()).isEqualTo(decision.told().message());
            told.add(decision.told().code() + " " + decision.told().rule() + " "
                    + decision.told().message().replace("'" + name + "'", "it"));
        }
        return told;
    }

    @ParameterizedTest
    @MethodSource("denying")
    void whatIsHiddenIsToldAsWhatIsNotThere(Policy policy) {
        assertThat(told(PolicyEngine.builder(policy).build()).stream().distinct())
                .hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("denying")
    void soItIsWhereALockLooksAtItFirst(Policy policy) {
        ToolLock lock = ToolLock.EMPTY.accepting("shop", List.of(GET));

        assertThat(told(PolicyEngine.builder(policy).lock(lock).build()).stream()
                        .distinct())
                .hasSize(1);
    }

    @Test
    void aCallerWithoutAGrantIsToldThatOfWhatIsHiddenToo() {
        Policy policy = policy(Posture.ALLOW, Map.of(), Optional.of(Map.of()));

        assertThat(told(PolicyEngine.builder(policy).build()).stream().distinct())
                .singleElement()
                .asString()
                .startsWith("NO_GRANT");
    }

    @ParameterizedTest
    @EnumSource
    void theRecordTellsWhy(Hidden hidden) {
        Decision decision =
                new Desk(policy(Posture.DENY, Map.of(), Optional.empty())).decide(ToolCall.of(hidden.tool, Map.of()));

        assertThat(decision.code()).isEqualTo(hidden.code);
        assertThat(decision.rule().name()).isEqualTo(hidden.rule);
        assertThat(decision.rule().place().path()).isEqualTo(hidden.place);
        assertThat(decision.told().code()).isEqualTo(Decision.Code.DEFAULT_DENY);
        assertThat(decision.told().rule()).isEqualTo(CompiledPolicy.ref("(default deny)", "default"));
    }

    /** What stands in the record of a call. */
    enum Hidden {
        BY_LIST("wipe", Decision.Code.HIDDEN, "(hidden)", "hide"),
        BY_ENTRY("drop", Decision.Code.HIDDEN, "(hidden)", "tools.drop"),
        ALIKE("WIPE", Decision.Code.NAME, "(name)", "hide"),
        ALIKE_AN_ENTRY("Drop", Decision.Code.NAME, "(name)", "tools.drop"),
        UNLISTED("unknown", Decision.Code.DEFAULT_DENY, "(default deny)", "default");

        private final String tool;
        private final Decision.Code code;
        private final String rule;
        private final String place;

        Hidden(String tool, Decision.Code code, String rule, String place) {
            this.tool = tool;
            this.code = code;
            this.rule = rule;
            this.place = place;
        }
    }
}
