package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.interlock.policy.limit.LimitKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyTextTest {

    private static final List<String> PARTS = List.of(
            "", "\u0000", "\u0000\u0000", "\u0000\u0001", "\u0001", "a", "a\u0000", "ab", "b", "\uD83D", "\uFFFF");

    private static List<LimitKey> keys() {
        List<LimitKey> keys = new ArrayList<>();
        for (String limit : PARTS) {
            for (String subject : PARTS) {
                for (String values : PARTS) {
                    keys.add(new LimitKey(limit, subject, values));
                }
            }
        }
        return keys;
    }

    @Test
    void textsAreReadAgainAndHaveTheOrderOfTheirKeys() {
        List<String> sorted = keys().stream().map(KeyText::of).sorted().toList();

        assertThat(sorted.stream().map(KeyText::key).toList())
                .containsExactlyElementsOf(keys().stream().sorted().toList());
    }

    @Test
    void otherTextsAreRefused() {
        for (String text : List.of(
                "",
                "a",
                "a\u0000\u0000b",
                "a\u0000",
                "a\u0000\u0002\u0000\u0000\u0000\u0000",
                "\u0000\u0000\u0000\u0000\u0000\u0000")) {
            assertThatIllegalArgumentException().isThrownBy(() -> KeyText.key(text));
        }
    }
}
