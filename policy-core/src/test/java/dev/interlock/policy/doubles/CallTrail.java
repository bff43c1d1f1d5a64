package dev.interlock.policy.doubles;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditSink;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The records of many calls, which are told apart by one of their arguments. Several engines may write to it, as
 * replicas do.
 */
public final class CallTrail implements AuditSink {

    private final String argument;
    private final Map<String, Trail> calls = new ConcurrentHashMap<>();
    private final AtomicInteger failures = new AtomicInteger();

    /** What is on record about one call, under one id. Guarded by itself. */
    private static final class Trail {
        private final List<AuditEvent.Decided> decisions = new ArrayList<>(4);
        private final List<AuditEvent.Settled> ends = new ArrayList<>(1);
    }

    /** @param argument the name of the argument that tells calls apart */
    public CallTrail(String argument) {
        this.argument = argument;
    }

    @Override
    public void record(AuditEvent event) {
        if (event instanceof AuditEvent.Decided decided) {
            Trail trail = of(decided.id());
            synchronized (trail) {
                trail.decisions.add(decided);
            }
        } else if (event instanceof AuditEvent.Settled settled) {
            Trail trail = of(settled.id());
            synchronized (trail) {
                trail.ends.add(settled);
            }
        } else if (event instanceof AuditEvent.Failed) {
            failures.incrementAndGet();
        }
    }

    private Trail of(String id) {
        return calls.computeIfAbsent(id, any -> new Trail());
    }

    private String name(ToolCall call) {
        return String.valueOf(call.arguments().root().members().get(argument).toJava());
    }

    /**
     * Checks that each call has begun once and, if it was allowed, has ended once, that its rounds are counted one by
     * one, and that nothing comes after a denial.
     */
    public void assertWhole() {
        assertThat(failures).as("calls that could not be decided").hasValue(0);
        calls.forEach((id, trail) -> {
            synchronized (trail) {
                String name = name(trail.decisions.get(0).call());
                for (int round = 0; round < trail.decisions.size(); round++) {
                    AuditEvent.Decided decided = trail.decisions.get(round);
                    assertThat(decided.round()).as("a round of call %s", name).isEqualTo(round);
                    assertThat(name(decided.call())).isEqualTo(name);
                    assertThat(decided.decision().allowed() || round == trail.decisions.size() - 1)
                            .as("call %s ends when it is denied", name)
                            .isTrue();
                }
                assertThat(trail.ends)
                        .as("the ends of call %s", name)
                        .hasSize(trail.decisions.get(0).decision().allowed() ? 1 : 0)
                        .allMatch(end -> name(end.call()).equals(name));
            }
        });
    }

    /**
     * How the calls with this argument have ended, in the order of {@link CallOutcome}. A call that was denied has no
     * end.
     */
    public Map<String, List<CallOutcome>> ends() {
        Map<String, List<CallOutcome>> ends = new ConcurrentHashMap<>();
        calls.values().forEach(trail -> {
            synchronized (trail) {
                trail.ends.forEach(end -> ends.computeIfAbsent(name(end.call()), any -> new ArrayList<>())
                        .add(end.outcome()));
            }
        });
        ends.values().forEach(outcomes -> outcomes.sort(null));
        return ends;
    }

    /** How often calls with each argument were decided, in all their rounds. */
    public Map<String, Integer> decisions() {
        Map<String, Integer> decisions = new ConcurrentHashMap<>();
        calls.values().forEach(trail -> {
            synchronized (trail) {
                trail.decisions.forEach(decided -> decisions.merge(name(decided.call()), 1, Integer::sum));
            }
        });
        return decisions;
    }
}
