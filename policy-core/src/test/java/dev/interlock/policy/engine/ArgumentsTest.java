package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.ToolCall;
import java.io.Serial;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.CharBuffer;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Arguments that are not JSON, or try to be two things at once, make a call that every policy denies. */
class ArgumentsTest {

    static Stream<Object> notJson() {
        return Stream.of(
                Double.NaN,
                Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                Float.NaN,
                "\ud800",
                "a\udc00b",
                "\udc00\ud800",
                Map.of("\ud800", 1),
                Map.of(1, "key is not a string"),
                Collections.singletonMap(null, "no key"),
                new BigDecimal("1e10001"),
                new BigDecimal("1e-10001"),
                new BigDecimal("0e-2000000000"),
                new BigDecimal(BigInteger.ONE, Integer.MIN_VALUE),
                BigInteger.TEN.pow(1_001),
                new AtomicInteger(1),
                new AtomicLong(1),
                CharBuffer.wrap("text"),
                'c',
                new Object(),
                new int[] {1},
                List.of(new int[0], new String[] {"a"}),
                Operator.EQ,
                List.of(Double.NaN),
                Map.of("deep", List.of(Map.of("x", new Object()))));
    }

    @ParameterizedTest
    @MethodSource("notJson")
    void theseAreNoJson(Object value) {
        assertMalformed(Map.of("a", value));
    }

    @Test
    void aNumberSubclassThatAnswersDifferentlyTwiceIsRefused() {
        BigDecimal twoFaced = new BigDecimal("1") {
            @Serial
            private static final long serialVersionUID = 1L;

            private transient int asked;

            @Override
            public int compareTo(BigDecimal other) {
                return asked++ == 0 ? -1 : 1;
            }
        };
        assertMalformed(Map.of("amount", twoFaced));
    }

    @Test
    void aMapThatAnswersDifferentlyTwiceIsReadOnce() {
        AtomicInteger asked = new AtomicInteger();
        Map<String, Object> twoFaced = new AbstractMap<>() {
            @Override
            public Set<Entry<String, Object>> entrySet() {
                return Map.<String, Object>of("amount", asked.getAndIncrement() == 0 ? 1 : 1_000_000)
                        .entrySet();
            }
        };

        ToolCall call = ToolCall.of("pay", twoFaced);

        assertThat(smallAmounts().decide(call)).isEqualTo(Decision.ALLOWED);
        assertThat(call.arguments().root().json()).isEqualTo("{\"amount\":1}");
        assertThat(asked).hasValue(1);
    }

    @Test
    void aMapWithAKeyTwiceIsRefused() {
        List<Map.Entry<String, Object>> both = List.of(Map.entry("amount", 1), Map.entry("amount", 1_000_000));
        assertMalformed(new AbstractMap<String, Object>() {
            @Override
            public Set<Entry<String, Object>> entrySet() {
                return new AbstractSet<>() {
                    @Override
                    public Iterator<Entry<String, Object>> iterator() {
                        return both.iterator();
                    }

                    @Override
                    public int size() {
                        return both.size();
                    }
                };
            }
        });
    }

    @Test
    void aMapThatFailsWhenItIsReadMakesADeniedCallToo() {
        Map<String, Object> failing = new AbstractMap<>() {
            @Override
            public Set<Entry<String, Object>> entrySet() {
                throw new ConcurrentModificationException();
            }
        };
        assertMalformed(failing);
    }

    @Test
    void whatHappensToTheMapAfterwardsDoesNotTouchTheCall() {
        Map<String, Object> inner = new HashMap<>(Map.of("id", 1));
        List<Object> items = new ArrayList<>(List.of(inner));
        Map<String, Object> arguments = new HashMap<>(Map.of("amount", 1, "items", items));
        ToolCall call = ToolCall.of("pay", arguments);
        String before = call.arguments().root().json();

        arguments.put("amount", 1_000_000);
        inner.put("id", 2);
        items.clear();

        assertThat(call.arguments().root().json()).isEqualTo(before);
        assertThat(smallAmounts().decide(call)).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void theArgumentsThatAreSentCanNotBeChanged() {
        ToolCall call = ToolCall.of("pay", Map.of("amount", 1));
        Map<String, Object> sent = call.arguments().root().toJava();

        assertThat(catchThrowable(() -> sent.put("amount", 2))).isInstanceOf(UnsupportedOperationException.class);
        assertThat(catchThrowable(() -> call.arguments().root().members().clear()))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void cyclesAreRefused() {
        Map<String, Object> map = new HashMap<>();
        map.put("self", map);
        assertMalformed(map);

        List<Object> list = new ArrayList<>();
        list.add(list);
        assertMalformed(Map.of("list", list));
    }

    @Test
    void sharedSubtreesThatWouldUnfoldWithoutEndAreRefused() {
        Object tree = "x";
        for (int i = 0; i < 60; i++) {
            tree = List.of(tree, tree);
        }
        assertMalformed(Map.of("tree", tree));
    }

    @Test
    void sixtyFourLevelsAreReadAndSixtyFiveAreNot() {
        assertThat(new Desk(Policies.pay()).decide(nested(64))).isEqualTo(Decision.ALLOWED);
        assertMalformed(nested(65));
        assertMalformed(nested(100_000));
    }

    @Test
    void oneMebibyteIsReadAndOneByteMoreIsNot() {
        int around = "{\"a\":\"\"}".length();

        assertThat(new Desk(Policies.pay()).decide(Map.of("a", "x".repeat((1 << 20) - around))))
                .isEqualTo(Decision.ALLOWED);
        assertMalformed(Map.of("a", "x".repeat((1 << 20) - around + 1)));
        assertMalformed(Map.of("a", "\u20ac".repeat(((1 << 20) - around) / 3 + 1)));
        assertMalformed(Map.of("a", "\n".repeat(((1 << 20) - around) / 2 + 1)));
        assertMalformed(Map.of("x".repeat(1 << 20), 1));
    }

    @Test
    void theReasonIsToldWithoutTheValue() {
        Decision decision = new Desk(Policies.pay()).decide(Map.of("secret\ud800", "hunter2"));

        assertThat(decision.message())
                .isEqualTo(
                        "The call is not made: the arguments can't be read: a string has an unpaired surrogate, which"
                                + " is not valid Unicode.");
    }

    @Test
    void aHugeNumberIsANumber() {
        assertThat(smallAmounts()
                        .decide(Map.of("amount", new BigDecimal("1e400")))
                        .code())
                .isEqualTo(Code.CONDITION);
        assertThat(smallAmounts().decide(Map.of("amount", new BigDecimal("-1e400"))))
                .isEqualTo(Decision.ALLOWED);
    }

    @Test
    void manyHugeNumbersAreComparedWithTextWithoutBeingWrittenOut() {
        List<BigDecimal> huge = Collections.nCopies(100_000, new BigDecimal("1e10000"));
        Desk desk = new Desk(Policies.require(Condition.of("args.items", Operator.CONTAINS, "x")));
        ToolCall call = ToolCall.of("pay", Map.of("items", huge));

        long before = allocated();
        Decision decision = desk.decide(call);

        assertThat(decision.code()).isEqualTo(Code.CONDITION);
        assertThat(allocated() - before).as("bytes").isLessThan(16 << 20);
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    private static Desk smallAmounts() {
        return new Desk(Policies.require(Condition.of("args.amount", Operator.LTE, 5)));
    }

    private static Map<String, Object> nested(int levels) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 1; i < levels; i++) {
            map = Collections.singletonMap("a", map);
        }
        return map;
    }

    @SuppressWarnings("unchecked")
    private static void assertMalformed(Map<?, ?> arguments) {
        Decision decision = new Desk(Policies.pay()).decide((Map<String, ?>) arguments);
        assertThat(decision.code()).isEqualTo(Code.MALFORMED);
        assertThat(decision.allowed()).isFalse();
        assertThat(decision.rule().name()).isEqualTo("(malformed)");
    }
}
