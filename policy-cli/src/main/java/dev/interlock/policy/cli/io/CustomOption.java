package dev.interlock.policy.cli.io;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** {@code --custom}. */
public final class CustomOption {

    @Option(
            names = "--custom",
            paramLabel = "NAME=ANSWER",
            description = "What the host's predicate NAME (op: custom.NAME) answers: true or false. A policy that asks"
                    + " another predicate is refused.")
    private Map<String, Boolean> answers = new LinkedHashMap<>();

    /** Returns the answers by the names of the predicates. */
    public Map<String, Boolean> answers() {
        return answers;
    }
}
