package dev.interlock.policy.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.LimitKey;
import io.lettuce.core.cluster.SlotHash;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names are made of what strangers send. */
class KeyNamesTest {

    /** Each differs from all others, if in ways that are easily overlooked. */
    private static final List<LimitKey> KEYS = Stream.of(
                    new LimitKey("", ""),
                    new LimitKey("a", ""),
                    new LimitKey("", "a"),
                    new LimitKey("1", "1:1"),
                    new LimitKey("11", ":1"),
                    new LimitKey("a", "bc"),
                    new LimitKey("ab", "c"),
                    new LimitKey("a", "}x{"),
                    new LimitKey("a", "}"),
                    new LimitKey("a", "{"),
                    new LimitKey("a", "{}"),
                    new LimitKey("a", "\uD800"),
                    new LimitKey("a", "\uD801"),
                    new LimitKey("a", "\uDC00"),
                    new LimitKey("a", "?"),
                    new LimitKey("a", "\uFFFD"),
                    new LimitKey("a", "\uD83D\uDE00"),
                    new LimitKey("a", "\u0000"),
                    new LimitKey("a", "\r\n"),
                    new LimitKey("a", ":log"),
                    new LimitKey("a:log", ""),
                    new LimitKey("a", "x".repeat(256)),
                    new LimitKey("a", "x".repeat(257)),
                    new LimitKey("a", "x".repeat(100_000)),
                    new LimitKey("a".repeat(300), "x"),
                    new LimitKey("a", "b", "c"),
                    new LimitKey("a", "", "bc"),
                    new LimitKey("a", "bc", "x"),
                    new LimitKey("ab", "c", "x"),
                    new LimitKey("a", "b", "cx"),
                    new LimitKey("a", "}", "{}"),
                    new LimitKey("a", "", "}x{"),
                    new LimitKey("a", "x", "\uD800"),
                    new LimitKey("a", "x", "?"),
                    new LimitKey("a", "x", "x".repeat(256)),
                    new LimitKey("a", "x", "x".repeat(257)),
                    new LimitKey("a", "x".repeat(256), "x"))
            .toList();

    @ParameterizedTest
    @EnumSource
    void differentKeysHaveDifferentNames(Placement placement) {
        KeyNames names = new KeyNames("p", placement);
        assertThat(KEYS.stream().map(key -> new Bytes(names.cell(names.tag(key), key))))
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource
    void noNameOfACellIsThatOfAnothersLogOrOfACall(Placement placement) {
        KeyNames names = new KeyNames("p", placement);
        Stream<Bytes> cells = KEYS.stream().map(key -> new Bytes(names.cell(names.tag(key), key)));
        Stream<Bytes> calls = KEYS.stream().map(key -> new Bytes(names.call(names.tag(key), "1:a")));

        List<Bytes> all = Stream.concat(cells, calls.distinct()).toList();
        assertThat(all).doesNotHaveDuplicates();
    }

    @Property
    void namesOfDifferentKeysAndOfTheirListsAreAllDifferent(
            @ForAll("texts") String oneLimit,
            @ForAll("texts") String one,
            @ForAll("texts") String otherLimit,
            @ForAll("texts") String other,
            @ForAll Placement placement) {
        LimitKey first = new LimitKey(oneLimit, one);
        LimitKey second = new LimitKey(otherLimit, other);
        KeyNames names = new KeyNames("p", placement);
        Stream<Bytes> all = Stream.of(first, second).distinct().flatMap(key -> {
            byte[] cell = names.cell(names.tag(key), key);
            assertThat(cell).as("only the script adds this byte").doesNotContain((byte) 255);
            return Stream.of(new Bytes(cell), new Bytes(listOf(cell)));
        });

        assertThat(all).doesNotHaveDuplicates();
    }

    @Property
    void theSetsOfKeysAreNoOneElsesAndNoCells(
            @ForAll("texts") String limit,
            @ForAll("texts") String one,
            @ForAll("texts") String otherLimit,
            @ForAll("texts") String other,
            @ForAll boolean oneIsKnown,
            @ForAll boolean otherIsKnown,
            @ForAll Placement placement) {
        KeyNames names = new KeyNames("p", placement);
        LimitKey first = new LimitKey(limit, "s");
        LimitKey second = new LimitKey(otherLimit, "s");
        String tag = names.tag(first);
        Caller caller = new Caller(one, oneIsKnown);
        Caller stranger = new Caller(other, otherIsKnown);
        boolean isSameLimit = first.family().equals(second.family()) && oneIsKnown == otherIsKnown;

        Bytes set = new Bytes(names.keysOfCaller(tag, first, caller));
        Bytes ofLimit = new Bytes(names.keysOfLimit(tag, first, caller));
        assertThat(set.equals(new Bytes(names.keysOfCaller(tag, second, stranger))))
                .isEqualTo(isSameLimit && one.equals(other));
        assertThat(ofLimit.equals(new Bytes(names.keysOfLimit(tag, second, stranger))))
                .isEqualTo(isSameLimit);
        assertThat(Stream.of(set, ofLimit, new Bytes(names.cell(tag, first)), new Bytes(names.call(tag, one))))
                .doesNotHaveDuplicates();
        assertThat(SlotHash.getSlot(names.keysOfCaller(tag, first, caller)))
                .isEqualTo(SlotHash.getSlot(names.cell(tag, first)));
        assertThat(SlotHash.getSlot(names.keysOfLimit(tag, first, caller)))
                .isEqualTo(SlotHash.getSlot(names.cell(tag, first)));
    }

    /** As the scripts name the list of a sliding window. */
    private static byte[] listOf(byte[] cell) {
        byte[] log = {(byte) 255, 'l', 'o', 'g'};
        byte[] list = Arrays.copyOf(cell, cell.length + log.length);
        System.arraycopy(log, 0, list, cell.length, log.length);
        return list;
    }

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> pieces = Arbitraries.of(
                "",
                "a",
                ":log",
                "\u00fflog",
                ":",
                "1",
                "k:",
                "h:",
                "c:",
                "{",
                "}",
                "{p}",
                "\u0000",
                "\uD83D\uDE00",
                "\uD800",
                "\uDC00",
                "?",
                "#",
                "é",
                "x".repeat(250));
        return pieces.list().ofMaxSize(4).map(list -> String.join("", list));
    }

    @Test
    void inOneSlotAllNamesShareIt() {
        KeyNames names = new KeyNames("prefix", Placement.ONE_SLOT);
        int slot = SlotHash.getSlot("prefix");
        for (LimitKey key : KEYS) {
            assertThat(SlotHash.getSlot(names.cell(names.tag(key), key)))
                    .as(key.toString())
                    .isEqualTo(slot);
            assertThat(SlotHash.getSlot(names.call(names.tag(key), "id"))).isEqualTo(slot);
        }
    }

    @Test
    void bySubjectASubjectsNamesShareASlotWhateverIsInIt() {
        KeyNames names = new KeyNames("prefix", Placement.BY_SUBJECT);
        for (LimitKey key : KEYS) {
            LimitKey sibling = new LimitKey(key.limit() + "2", key.subject());
            int slot = SlotHash.getSlot(names.cell(names.tag(key), key));
            assertThat(names.tag(sibling)).isEqualTo(names.tag(key));
            assertThat(SlotHash.getSlot(names.cell(names.tag(sibling), sibling)))
                    .as(key.toString())
                    .isEqualTo(slot);
            assertThat(SlotHash.getSlot(names.call(names.tag(key), "id"))).isEqualTo(slot);
        }
    }

    @Test
    void namesAreShortWhateverTheTextsAre() {
        KeyNames names = new KeyNames("p", Placement.BY_SUBJECT);
        for (LimitKey key : KEYS) {
            assertThat(names.cell(names.tag(key), key)).hasSizeLessThan(800);
            assertThat(names.call(names.tag(key), "i".repeat(10_000))).hasSizeLessThan(800);
            assertThat(names.keysOfCaller(names.tag(key), key, Caller.of("i".repeat(10_000), null)))
                    .hasSizeLessThan(800);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a{b", "a}b", "ä", "a b", "a\n"})
    void aPrefixThatCouldMoveTheSlotIsRefused(String prefix) {
        assertThatThrownBy(() -> RedisStore.server("redis://localhost").prefix(prefix))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a prefix must be");
    }

    /** Bytes, compared by content. */
    private record Bytes(List<Byte> content) {
        Bytes(byte[] bytes) {
            this(java.util.stream.IntStream.range(0, bytes.length)
                    .mapToObj(i -> bytes[i])
                    .toList());
        }
    }
}
