package dev.interlock.policy.engine;

import dev.interlock.policy.Rounds;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.Explanation.ExplainedStep;
import dev.interlock.policy.engine.Explanation.Result;
import java.util.List;

/**
 * How often a call of a tool may be made again.
 *
 * @param rounds what the entry says that allows the fewest
 * @param denial what ends a call whose server asks for input when no round is allowed
 */
record PlannedRounds(Rounds rounds, Decision denial) {

    ExplainedStep explain() {
        return new ExplainedStep(Result.PASSED, Messages.rounds(rounds.most()), rounds.place(), List.of());
    }
}
