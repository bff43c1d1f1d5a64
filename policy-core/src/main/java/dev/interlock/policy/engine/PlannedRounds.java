package dev.interlock.policy.engine;

import dev.interlock.policy.Rounds;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.engine.Explanation.Result;
import dev.interlock.policy.engine.Explanation.Step;
import java.util.List;

/**
 * How often a call of a tool may be made again.
 *
 * @param rounds what the entry says that allows the fewest
 * @param denial what ends a call whose server asks for input when no round is allowed
 */
record PlannedRounds(Rounds rounds, Decision denial) {

    Step explain() {
        return new Step(Result.PASSED, Messages.rounds(rounds.most()), rounds.place(), List.of());
    }
}
