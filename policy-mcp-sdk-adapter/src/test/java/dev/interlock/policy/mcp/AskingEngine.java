package dev.interlock.policy.mcp;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.time.TimeSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * An engine under which {@code export} has a limit, {@code pay} a limit and a person to be asked, and {@code delete} is
 * denied, with the questions and alarms that are neither answered nor called off yet.
 */
final class AskingEngine {

    private final List<Runnable> alarms = new ArrayList<>();
    private final Deque<CompletableFuture<ApprovalAnswer>> asked = new ArrayDeque<>();
    private final PolicyEngine engine;

    AskingEngine(RateLimiter limiter, TimeSource time) {
        engine = PolicyEngine.builder(new Policies()
                        .tool("export", Policies.limit(10))
                        .tool("pay", Policies.limit(10), Policies.ask())
                        .tool("delete", Policies.denied("no"))
                        .policy())
                .rateLimiter(limiter)
                .time(time)
                .alarm((delay, task) -> {
                    alarms.add(task);
                    return () -> alarms.remove(task);
                })
                .approvals(request -> {
                    CompletableFuture<ApprovalAnswer> answer = new CompletableFuture<>();
                    asked.add(answer);
                    return answer;
                })
                .build();
    }

    PolicyEngine engine() {
        return engine;
    }

    List<Runnable> alarms() {
        return alarms;
    }

    Deque<CompletableFuture<ApprovalAnswer>> asked() {
        return asked;
    }
}
