package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Window.Calendar;
import dev.interlock.policy.text.NamePattern;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;

/** The digest stands for the policy. Without edge cases, of which two policies have more than the heap holds. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class PolicyDigestProperties {

    @Provide
    Arbitrary<Policy> policies() {
        return PolicyArbitraries.policies();
    }

    @Provide
    Arbitrary<Rule> rules() {
        return PolicyArbitraries.rules();
    }

    @Property
    void policiesHaveOneDigestExactlyIfTheyAreEqual(@ForAll("policies") Policy one, @ForAll("policies") Policy other) {
        assertThat(PolicyDigest.of(one).equals(PolicyDigest.of(other))).isEqualTo(one.equals(other));
    }

    @Example
    void anotherContextIsAnotherDigest() {
        List<Optional<List<String>>> contexts = List.of(
                Optional.empty(),
                Optional.of(List.of()),
                Optional.of(List.of("tenant")),
                Optional.of(List.of("tenant", "role")),
                Optional.of(List.of("tenantrole")));

        assertThat(contexts.stream()
                        .map(context -> new Policy(
                                "", Mode.ENFORCE, PolicyEdits.nothing(), Map.of(), Optional.empty(), context))
                        .map(PolicyDigest::of))
                .doesNotHaveDuplicates();
    }

    @Property
    void oneMoreRuleIsAnotherDigest(@ForAll("policies") Policy policy, @ForAll("rules") Rule rule) {
        Policy more = PolicyEdits.withRule(policy, 0, rule);

        assertThat(PolicyDigest.of(more).equals(PolicyDigest.of(policy))).isEqualTo(more.equals(policy));
    }

    @Property
    void anotherOrderIsAnotherDigestIfItIsAnotherPolicy(@ForAll("policies") Policy policy, @ForAll long seed) {
        Policy shuffled = PolicyEdits.shuffled(policy, seed);

        assertThat(PolicyDigest.of(shuffled).equals(PolicyDigest.of(policy))).isEqualTo(shuffled.equals(policy));
    }

    @Example
    void theOrderOfGrantsTellsPoliciesApart() {
        Map<NamePattern, PolicyBody> starFirst = new LinkedHashMap<>();
        starFirst.put(new NamePattern("*"), PolicyBody.of(Posture.DENY));
        starFirst.put(new NamePattern("ops-*"), PolicyBody.of(Posture.ALLOW));
        Map<NamePattern, PolicyBody> starLast = new LinkedHashMap<>();
        starLast.put(new NamePattern("ops-*"), PolicyBody.of(Posture.ALLOW));
        starLast.put(new NamePattern("*"), PolicyBody.of(Posture.DENY));

        assertThat(granting(starFirst)).isNotEqualTo(granting(starLast));
        assertThat(PolicyDigest.of(granting(starFirst))).isNotEqualTo(PolicyDigest.of(granting(starLast)));
    }

    private static Policy granting(Map<NamePattern, PolicyBody> grants) {
        return new Policy("", Mode.ENFORCE, PolicyBody.of(Posture.ALLOW), Map.of(), Optional.of(grants));
    }

    @Example
    void theOrderOfCapsTellsBudgetsApart() {
        Map<Calendar, Amount> hourFirst = new LinkedHashMap<>();
        hourFirst.put(Calendar.HOUR, Amount.ONE);
        hourFirst.put(Calendar.DAY, Amount.ONE);
        Map<Calendar, Amount> dayFirst = new LinkedHashMap<>();
        dayFirst.put(Calendar.DAY, Amount.ONE);
        dayFirst.put(Calendar.HOUR, Amount.ONE);
        assertThat(budget(hourFirst)).isNotEqualTo(budget(dayFirst)).isEqualTo(budget(new LinkedHashMap<>(hourFirst)));
    }

    private static List<Limit> budget(Map<Calendar, Amount> caps) {
        return Limit.budget(
                null, caps, Path.parse("args.amount"), ChargeMode.SUCCESS, Scope.TOOL, Place.of("tools.pay"));
    }

    @Example
    void linesAndColumnsAreNotInIt() {
        assertThat(PolicyDigest.of(at(new Place("tools.pay", 3, 5))))
                .isEqualTo(PolicyDigest.of(at(Place.of("tools.pay"))))
                .isNotEqualTo(PolicyDigest.of(at(Place.of("tools.buy"))));
    }

    private static Policy at(Place place) {
        return Policy.of(new PolicyBody(
                Posture.ALLOW,
                List.of(),
                Map.of(new NamePattern("pay"), Entry.listed(place)),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty()));
    }

    /** A change here changes the digest of every policy, and belongs in the notes of the release. */
    @Example
    void theDigestOfAPolicyStaysWhatItIs() {
        assertThat(PolicyDigest.of(at(Place.of("tools.pay"))))
                .isEqualTo("455bf377e50884fda145d5cfd328b76fda12a0a60cff654a2089822d95f85fe4");
    }
}
