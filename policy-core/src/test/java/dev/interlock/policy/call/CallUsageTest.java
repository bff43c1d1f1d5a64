package dev.interlock.policy.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CallUsageTest {

    @Test
    void amountsAreKeptExactly() {
        CallUsage usage = CallUsage.of(Map.of("cost", new BigDecimal("0.000001"), "tokens", 12));

        assertThat(usage.amounts().json()).contains("0.000001").contains("12");
        assertThat(usage.isEmpty()).isFalse();
    }

    @Test
    void whatCannotBeReadIsUnknown() {
        assertThat(CallUsage.of(Map.of("tokens", new Object())).isEmpty()).isTrue();
        assertThat(CallUsage.of(Collections.singletonMap("tokens", Double.NaN)).isEmpty())
                .isTrue();
        assertThat(CallUsage.NONE.isEmpty()).isTrue();
    }
}
