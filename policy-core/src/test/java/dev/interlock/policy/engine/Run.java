package dev.interlock.policy.engine;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.memory.InMemoryRateLimiter;
import dev.interlock.policy.naive.TimedCall;
import dev.interlock.policy.naive.World;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;

/** Calls made one after another through one engine. */
final class Run {

    final ManualTime clock = ManualTime.at("2026-03-31T23:30:00Z");
    final PolicyEngine engine;
    private final Assent assent = new Assent();
    private final InMemoryRateLimiter limiter =
            InMemoryRateLimiter.builder().time(clock).build();
    private final World world;
    private final Queue<UnderWay> underWay = new PriorityQueue<>(
            Comparator.<UnderWay>comparingLong(call -> call.timed.ends()).thenComparingInt(UnderWay::number));
    private int made;

    private record UnderWay(TimedCall timed, Admission admission, int number) {}

    Run(Policy policy) {
        this(policy, UsualWorld.WORLD);
    }

    Run(Policy policy, World world) {
        this.world = world;
        engine = beside(policy);
    }

    /** An engine for another policy, which counts where this one does. */
    PolicyEngine beside(Policy policy) {
        return UsualWorld.engine(policy, limiter, world, assent, clock);
    }

    /** What the policy says of every call; each is made if it may be or a person may allow it, and settled. */
    static List<Decision> of(Scenario scenario) {
        Run run = new Run(scenario.policy());
        List<Decision> decisions = new ArrayList<>();
        scenario.calls().forEach(timed -> decisions.add(run.make(timed)));
        return decisions;
    }

    /** Lets the calls end that have ended by then. */
    void moveTo(long millis) {
        while (!underWay.isEmpty() && underWay.element().timed.ends() <= millis) {
            UnderWay over = underWay.remove();
            clock.set(over.timed.ends());
            over.admission.settle(over.timed.outcome());
        }
        clock.set(millis);
    }

    Decision make(TimedCall timed) {
        moveTo(timed.millis());
        Admission admission = engine.admit(timed.call());
        if (timed.ends() <= timed.millis()) {
            admission.settle(timed.outcome());
        } else {
            underWay.add(new UnderWay(timed, admission, made++));
        }
        return assent.question(admission.decision());
    }
}
