package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyArbitraries;
import dev.interlock.policy.PolicyEdits;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.naive.Answer;
import dev.interlock.policy.naive.NaiveInterpreter;
import dev.interlock.policy.naive.TimedCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsCoverage;

/** The engine and the naive interpreter give the same answers. */
class OracleProperties {

    @Provide
    Arbitrary<Scenario> scenarios() {
        Arbitrary<Optional<String>> suspended = Arbitraries.of("", "Stopped.").optional(0.02);
        Arbitrary<Policy> policies = Combinators.combine(suspended, PolicyArbitraries.policiesByServer())
                .as(PolicyEdits::suspended);
        return Combinators.combine(policies, CallArbitraries.sequences()).as(Scenario::new);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void everySequenceOfCallsIsAnsweredAsTheNaiveInterpreterDoes(@ForAll("scenarios") Scenario scenario) {
        Run run = new Run(scenario.policy());
        NaiveInterpreter oracle = new NaiveInterpreter(scenario.policy(), UsualWorld.WORLD);
        List<Answer> expected = new ArrayList<>();
        List<Answer> given = new ArrayList<>();
        for (TimedCall timed : scenario.calls()) {
            expected.add(oracle.admit(timed));
            Decision decision = run.make(timed);
            given.add(Answer.of(decision));
            Statistics.label("verdicts").collect(verdict(decision));
            Statistics.label("codes").collect(decision.code());
        }
        assertThat(given).isEqualTo(expected);
        Statistics.label("verdicts").coverage(OracleProperties::everyVerdictIsCommon);
        Statistics.label("codes").coverage(OracleProperties::everyReasonOccurs);
    }

    private static String verdict(Decision decision) {
        return decision.verdict() + (decision.audited() ? ", audited" : "");
    }

    private static void everyVerdictIsCommon(StatisticsCoverage coverage) {
        coverage.check("ALLOWED").percentage(share -> share > 20 && share < 70);
        coverage.check("DENIED").percentage(share -> share > 20 && share < 70);
        coverage.check("NEEDS_APPROVAL").percentage(share -> share > 1.5);
        coverage.check("DENIED, audited").percentage(share -> share > 3);
        coverage.check("NEEDS_APPROVAL, audited").count(times -> times > 0);
    }

    private static void everyReasonOccurs(StatisticsCoverage coverage) {
        coverage.check(Decision.Code.LIMIT).percentage(share -> share > 2);
        coverage.check(Decision.Code.CONDITION).percentage(share -> share > 5);
        for (Decision.Code code : List.of(
                Decision.Code.NAME,
                Decision.Code.SUSPENDED,
                Decision.Code.SERVER_UNKNOWN,
                Decision.Code.HIDDEN,
                Decision.Code.DEFAULT_DENY,
                Decision.Code.NO_GRANT,
                Decision.Code.DENY_RULE,
                Decision.Code.DENY_IF,
                Decision.Code.VALIDATION,
                Decision.Code.SCHEMA_UNKNOWN,
                Decision.Code.AMOUNT,
                Decision.Code.PARTITION,
                Decision.Code.CONCURRENCY)) {
            coverage.check(code).count(times -> times > 0);
        }
    }
}
