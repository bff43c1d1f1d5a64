package dev.interlock.policy.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.doubles.HeaderValues;
import org.junit.jupiter.api.Test;

class HeaderValueTest {

    @Test
    void whatAHeaderCannotCarrySafelyIsInBase64() {
        assertThat(HeaderValues.byText())
                .allSatisfy(
                        (text, value) -> assertThat(HeaderValue.encoded(text)).isEqualTo(value));
    }
}
