package dev.interlock.policy.approval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.text.VisibleText;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ApprovalTextTest {

    @Test
    void noCharacterThatCantBeSeenIsShownAsItIs() {
        int[] shown = IntStream.range(0x80, Character.MIN_SURROGATE)
                .filter(VisibleText::isInvisible)
                .filter(c -> textOf("ACME" + Character.toString(c)).indexOf(c) >= 0)
                .toArray();

        assertThat(shown).isEmpty();
    }

    @Test
    void namesThatDifferByAFillerAreShownApart() {
        assertThat(textOf("ACME\u3164")).contains("\"ACME\\u3164\"").isNotEqualTo(textOf("ACME"));
    }

    private static String textOf(String payee) {
        return ApprovalText.of(Requests.pay("bot", Map.of("to", payee)));
    }
}
