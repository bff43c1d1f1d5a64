package dev.interlock.policy.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Place;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.SpelledDecimal;
import dev.interlock.policy.value.ValueLimits;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** What is written of a question can be read again, and is the same. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class ApprovalRequestJsonProperties {

    /** Texts that some store or reader takes for something else. */
    private static Arbitrary<String> texts() {
        return Arbitraries.oneOf(
                Arbitraries.strings()
                        .withChars("a\"\\\n\r\t\u0000\u001b\u007f\u0085\u00e9\u2028\u202e\ufeff\uffff'{}:%;-\u0301")
                        .ofMaxLength(8),
                Arbitraries.of(
                        "\ud83d\ude00", "null", "'; DROP TABLE tickets; --", "\r\nFLUSHALL\r\n", "{\"format\":2}"));
    }

    private static Arbitrary<@Nullable String> maybe() {
        return texts().injectNull(0.2);
    }

    private static Arbitrary<Object> trees() {
        return Arbitraries.recursive(
                ApprovalRequestJsonProperties::scalars,
                inner -> Arbitraries.oneOf(
                        inner.list().ofMaxSize(3).map(list -> list),
                        Arbitraries.maps(texts(), inner).ofMaxSize(3).map(map -> map)),
                0,
                3);
    }

    private static Arbitrary<Object> scalars() {
        return Arbitraries.oneOf(
                Arbitraries.of(true, false),
                Arbitraries.longs().map(number -> number),
                Arbitraries.doubles().map(number -> number),
                Arbitraries.of(
                                "1.0",
                                "1e5",
                                "1E+5",
                                "-0",
                                "-0.0",
                                "0e0",
                                "1e-7",
                                "1e10000",
                                "1e-10000",
                                "0.00000001",
                                "1" + "0".repeat(990),
                                "-" + "9".repeat(900) + ".5")
                        .map(SpelledDecimal::of),
                texts().map(text -> text));
    }

    private static Arbitrary<ObjectValue> objects() {
        return Arbitraries.maps(texts(), trees())
                .ofMaxSize(3)
                .map(map -> Arguments.freeze(map, ValueLimits.DEFAULT).root());
    }

    private static Arbitrary<Duration> durations() {
        return Combinators.combine(
                        Arbitraries.longs().between(0, Long.MAX_VALUE / 4),
                        Arbitraries.integers().between(0, 999_999_999))
                .as((seconds, nanos) -> Duration.ofSeconds(seconds, nanos));
    }

    private static Arbitrary<List<AskingRule>> rules() {
        Arbitrary<Place> places = Combinators.combine(texts(), Arbitraries.integers(), Arbitraries.integers())
                .as(Place::new);
        return Combinators.combine(texts(), places, texts(), durations())
                .as(AskingRule::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    private static Arbitrary<List<ToolCall>> runs() {
        Arbitrary<Arguments> arguments = objects().map(Arguments::of).injectNull(0.3);
        return Combinators.combine(texts(), maybe(), arguments)
                .as((tool, server, given) -> ToolCall.of(tool, given == null ? Arguments.UNKNOWN : given)
                        .on(server))
                .list()
                .ofMaxSize(2);
    }

    @Provide
    Arbitrary<ApprovalRequest> requests() {
        Arbitrary<ToolRating> ratings = Combinators.combine(
                        Arbitraries.of(ToolCategory.class),
                        Arbitraries.of(RiskLevel.class),
                        texts().list().ofMaxSize(2))
                .as(ToolRating::new);
        Arbitrary<PolicyRef> policies = Combinators.combine(texts(), texts()).as(PolicyRef::new);
        return Combinators.combine(
                        texts().tuple2(),
                        maybe().tuple3(),
                        objects().tuple4(),
                        rules(),
                        ratings,
                        policies,
                        runs(),
                        durations()
                                .flatMap(length -> Arbitraries.of(true, false).map(other -> Map.entry(length, other))))
                .as((texts, caller, objects, rules, rating, policy, runs, rest) -> new ApprovalRequest(
                        texts.get1(),
                        caller.get1(),
                        caller.get2(),
                        caller.get3(),
                        Arguments.of(objects.get1()),
                        objects.get2(),
                        objects.get3(),
                        objects.get4(),
                        rules,
                        texts.get2(),
                        rating,
                        policy,
                        rest.getKey(),
                        runs,
                        rest.getValue()));
    }

    @Property(tries = 500)
    void whatIsReadIsTheQuestionThatWasWritten(@ForAll("requests") ApprovalRequest request) {
        String json = request.json();
        ApprovalRequest again = ApprovalRequest.parse(json);

        assertThat(json.chars()).allMatch(c -> c >= ' ');
        assertThat(again.json()).isEqualTo(json);
        assertThat(ApprovalText.of(again)).isEqualTo(ApprovalText.of(request));
        assertThat(TicketBinding.of(again)).isEqualTo(TicketBinding.of(request));
        assertThat(again.rules()).isEqualTo(request.rules());
        assertThat(again.rules().get(0).place().toString())
                .isEqualTo(request.rules().get(0).place().toString());
        assertThat(again.arguments().root().json())
                .isEqualTo(request.arguments().root().json());
        assertThat(withoutRuns(again)).isEqualTo(withoutRuns(request));
    }

    /** A call isn't equal to another. */
    private static ApprovalRequest withoutRuns(ApprovalRequest request) {
        return new ApprovalRequest(
                request.tool(),
                request.server(),
                request.identity(),
                request.session(),
                request.arguments(),
                request.parameters(),
                request.context(),
                request.bound(),
                request.rules(),
                request.message(),
                request.rating(),
                request.policy(),
                request.patience(),
                List.of(),
                request.otherRequest());
    }

    @Property(tries = 200)
    void aTextThatWasCutOrHasMoreIsRefused(@ForAll("requests") ApprovalRequest request, @ForAll int seed) {
        String json = request.json();
        String cut = json.substring(0, Math.floorMod(seed, json.length()));

        assertThatThrownBy(() -> ApprovalRequest.parse(cut)).isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> ApprovalRequest.parse(json + "{}")).isInstanceOf(InvalidValueException.class);
    }

    @Example
    void aTextThatIsNoQuestionIsRefusedWithoutQuotingIt() {
        String good = Requests.pay("bot", Map.of("amount", 1)).json();
        List<String> others = List.of(
                "",
                "{}",
                "[]",
                "null",
                "{\"secret\":1}",
                good.replace("\"format\":1", "\"format\":2"),
                good.replace("\"format\":1", "\"format\":\"1\""),
                good.replace("\"tool\":\"pay\"", "\"tool\":null"),
                good.replace("\"tool\":\"pay\"", "\"tool\":\"pay\",\"tool\":\"secret\""),
                good.replace("\"FINANCIAL\"", "\"secret\""),
                good.replace("\"line\":0", "\"line\":1e9999"),
                good.replace("\"line\":0", "\"line\":0.5"),
                good.replace("PT5M", "secret"),
                good.replace("PT5M", "PT9999999999999999999H"),
                good.replace("\"otherRequest\":false", "\"otherRequest\":0"),
                good.replaceAll("\"rules\":\\[[^]]*\\][^,]*", "\"rules\":[]"),
                good.replaceAll("\"rules\":", "\"rules\":[1],\"x\":"));

        assertThat(others).allSatisfy(other -> {
            assertThat(other).isNotEqualTo(good);
            assertThatThrownBy(() -> ApprovalRequest.parse(other))
                    .isInstanceOf(InvalidValueException.class)
                    .hasMessageNotContaining("secret");
        });
        assertThat(ApprovalRequest.parse(good)).isEqualTo(Requests.pay("bot", Map.of("amount", 1)));
    }

    @Example
    void whatCanNotBeWrittenIsRefusedAndNeverChanged() {
        ApprovalRequest lone = Requests.pay("bot\ud800", Map.of("amount", 1));
        ApprovalRequest longNumber = Requests.pay(
                "bot", Map.of("n", new BigDecimal(BigInteger.TEN.pow(999).subtract(BigInteger.ONE), 1).negate()));

        assertThatThrownBy(lone::json).isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(longNumber::json).isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> TicketBinding.of(lone)).isInstanceOf(InvalidValueException.class);
    }

    @Example
    void argumentsOfTheGreatestDepthThatIsUsualCanBeWritten() {
        Object deep = "x";
        for (int i = 1; i < ValueLimits.DEFAULT.maxDepth(); i++) {
            deep = List.of(deep);
        }
        ApprovalRequest request = Requests.pay("bot", Map.of("deep", deep));

        assertThat(ApprovalRequest.parse(request.json())).isEqualTo(request);
    }
}
