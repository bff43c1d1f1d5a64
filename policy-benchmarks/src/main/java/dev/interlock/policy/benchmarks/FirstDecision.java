package dev.interlock.policy.benchmarks;

import dev.interlock.policy.call.ToolCall;

/** A program that reads a policy, makes one decision, and exits. */
final class FirstDecision {

    private FirstDecision() {}

    /** Fails if the call is denied. */
    public static void main(String[] arguments) {
        if (!Refunds.engine(Refunds.policy())
                .decide(ToolCall.of(Refunds.TOOL, Refunds.arguments(1)))
                .allowed()) {
            throw new IllegalStateException("denied");
        }
    }

    /** A program that does nothing. */
    static final class Nothing {

        private Nothing() {}

        /** Does nothing. */
        public static void main(String[] arguments) {}
    }
}
