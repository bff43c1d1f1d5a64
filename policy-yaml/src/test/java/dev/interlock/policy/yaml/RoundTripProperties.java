package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyRef;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RoundTripProperties {

    // To generate a policy takes far longer than to read it.
    @Property(tries = 300)
    @Label("what is written reads to an equal policy")
    void whatIsWrittenReadsEqual(@ForAll("plain") Policy policy) {
        roundTrip(policy);
    }

    @Property(tries = 300)
    @Label("odd names, texts and numbers survive being written and read")
    void oddTextsSurvive(@ForAll("odd") Policy policy) {
        roundTrip(policy);
    }

    private static void roundTrip(Policy policy) {
        String text = PolicyYaml.write(policy);
        Policy read = PolicyYaml.read(text, "written.yaml").orThrow();
        assertThat(read).as(text).isEqualTo(policy);
        assertThat(PolicyYaml.write(read)).isEqualTo(text);
        assertThat(PolicyRef.of(read)).isEqualTo(PolicyRef.of(policy));
    }

    @Provide
    Arbitrary<Policy> plain() {
        return PolicyArbitraries.plain().policies();
    }

    @Provide
    Arbitrary<Policy> odd() {
        return PolicyArbitraries.odd().policies();
    }
}
