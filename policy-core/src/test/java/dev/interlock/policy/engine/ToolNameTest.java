package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.ToolCategory;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A disguise never gets past a denial, and what is not a valid name is not a tool. */
class ToolNameTest {

    private static final Policy PAY_IS_HIDDEN = Policy.of(Policies.hiding("pay"));

    @ParameterizedTest
    @CsvSource({
        "Pay, upper case",
        "PAY, upper case",
        "p\u0430y, Cyrillic a",
        "\u0440ay, Cyrillic er",
        "pa\u0443, Cyrillic u",
        "\u03c1ay, Greek rho",
        "\uff50\uff41\uff59, full width",
        "\uff30ay, full width and upper case",
        "p\u00aay, feminine ordinal a",
        "\ud835\udc29ay, mathematical bold p"
    })
    void aNameThatLooksLikeAListedOneIsDenied(String name, String disguise) {
        assertThat(decide(PAY_IS_HIDDEN, name).code()).as(disguise).isEqualTo(Code.NAME);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pay\u200b",
                "\u200dpay",
                "p\u00aday",
                "pay\ufeff",
                "pay\u2060",
                "pa\u034fy",
                "pay\ufe0f",
                "pay\n",
                "pay\r",
                "pay\t",
                "pay\u0000",
                "pay\u0085",
                "pay\u2028",
                "pay\u00a0",
                "pay\u3000",
                "pay\u3164",
                "pay\u180b",
                "pa\u180dy",
                "pay\u180f",
                "pay\ud81b\udfe4",
                "pay\ud834\udd59",
                "pay\ud80d\udc41",
                "pay\u202e",
                "pay\ud800",
                "pay\ue000",
                "pay\udb40\udc61"
            })
    void aNameWithAControlOrInvisibleCharacterIsDenied(String name) {
        assertThat(decide(PAY_IS_HIDDEN, name).code()).isEqualTo(Code.NAME);
        assertThat(decide(Policies.pay(), name).code()).isEqualTo(Code.NAME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "   ", "\t", "\n"})
    void aBlankNameIsDenied(String name) {
        assertThat(decide(Policies.pay(), name).code()).isEqualTo(Code.NAME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pay ", " pay", " pay "})
    void aNameWithSpaceAtItsEdgesIsDeniedSinceAServerMayTrimIt(String name) {
        assertThat(decide(PAY_IS_HIDDEN, name).code()).isEqualTo(Code.NAME);
    }

    @Test
    void aNameOf128CharactersIsANameAndOneOf129IsNone() {
        assertThat(decide(Policies.pay(), "a".repeat(128)).verdict()).isEqualTo(Decision.Verdict.ALLOWED);
        assertThat(decide(Policies.pay(), "a".repeat(129)).code()).isEqualTo(Code.NAME);
    }

    @Test
    void theExactNameIsDecidedByItsEntry() {
        assertThat(decide(Policies.pay(), "pay")).isEqualTo(Decision.ALLOWED);
        assertThat(decide(PAY_IS_HIDDEN, "pay").code()).isEqualTo(Code.HIDDEN);
    }

    @Test
    void twoListedNamesMayLookAlike() {
        Policy both =
                Policy.of(Policies.body(Posture.DENY, Map.of("list", Policies.listed(), "1ist", Policies.listed())));

        assertThat(decide(both, "list")).isEqualTo(Decision.ALLOWED);
        assertThat(decide(both, "1ist")).isEqualTo(Decision.ALLOWED);
        assertThat(decide(both, "List").code()).isEqualTo(Code.NAME);
    }

    @Test
    void aNameWithOtherLettersIsAnotherTool() {
        for (String name : new String[] {"payer", "pa", "repay", "p-a-y", "pray", "pau"}) {
            assertThat(decide(PAY_IS_HIDDEN, name)).as(name).isEqualTo(Decision.ALLOWED);
        }
    }

    @Test
    void aDisguiseOfWhatAGlobHidesIsDenied() {
        Policy policy = Policy.of(Policies.hiding("delete_*"));

        assertThat(decide(policy, "delete_repo").code()).isEqualTo(Code.HIDDEN);
        assertThat(decide(policy, "Delete_repo").code()).isEqualTo(Code.NAME);
        assertThat(decide(policy, "d\u0435lete_repo").code()).isEqualTo(Code.NAME);
    }

    @Test
    void aGlobWithALetterOfAnotherScriptIsNotGotPastByThePlainName() {
        assertThat(decide(Policy.of(Policies.hiding("d\u0435lete_*")), "delete_repo")
                        .code())
                .isEqualTo(Code.NAME);
    }

    @Test
    void aNameThatIsTooLongIsNeitherRatedNorKept() throws InterruptedException {
        Policy policy = new Policy(
                "",
                Mode.ENFORCE,
                new PolicyBody(
                        Posture.ALLOW,
                        List.of(),
                        Map.of(),
                        Map.of(ToolCategory.READ, Policies.listed()),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty()),
                Map.of(),
                Optional.empty());
        PolicyEngine engine = PolicyEngine.builder(policy)
                .classifier(tool -> {
                    throw new AssertionError(
                            "asked about a name of " + tool.name().length());
                })
                .build();
        ReferenceQueue<String> collected = new ReferenceQueue<>();
        WeakReference<String> name = new WeakReference<>("x".repeat(1 << 20), collected);

        assertThat(engine.decide(ToolCall.of(Objects.requireNonNull(name.get()), Map.of()))
                        .code())
                .isEqualTo(Code.NAME);

        Reference<?> gone = null;
        for (int i = 0; i < 100 && gone == null; i++) {
            System.gc();
            gone = collected.remove(100);
        }
        assertThat(gone).isNotNull();
    }

    @Test
    void aNameThatNoOneHasCalledBeforeDoesNotTakeThePatternsOfAllToolsOnceMore() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Condition large = when("args.path", Operator.REGEX, "x{1000}[a-z]{900}");
        Policy policy =
                Policy.of(Policies.star(Policies.entry(List.of(Policies.check("large", large)), List.of(), List.of())));
        Desk desk = new Desk(policy);
        desk.decide(ToolCall.of("first", Map.of()));

        long before = threads.getCurrentThreadAllocatedBytes();
        desk.decide(ToolCall.of("second", Map.of()));

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(50_000);
    }

    @ParameterizedTest
    @CsvSource({"i*, list_repos", "*1*, tool", "*0*, foo", "*_id, user_ld", "l?st, 1ist"})
    void aPlainNameIsNoDisguiseOfWhatAGlobNamesForASharedLetter(String glob, String name) {
        assertThat(decide(Policies.of(glob, Policies.listed()), name)).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void aToolThatIsCalledLikeAGlobIsNotThatGlobsEntry() {
        Policy policy = Policies.of("pa*", Policies.listed());

        assertThat(decide(policy, "pa*")).isEqualTo(Decision.ALLOWED);
        assertThat(decide(policy, "*")).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void theMessageDoesNotRepeatABadName() {
        assertThat(decide(PAY_IS_HIDDEN, "p\u0430y\u200b").message())
                .isEqualTo("The call is not made: the tool's name has a control or invisible character.");
        assertThat(decide(PAY_IS_HIDDEN, "p\u0430y").message())
                .isEqualTo("Tool 'p\u0430y' is not available: the policy does not offer it.");
    }

    private static Decision decide(Policy policy, String tool) {
        return new Desk(policy).decide(ToolCall.of(tool, Map.of()));
    }
}
