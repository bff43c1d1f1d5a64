package dev.interlock.policy.engine;

import dev.interlock.policy.text.CommandPattern;
import dev.interlock.policy.text.ShellCommand;
import java.util.List;

/** A set of commands that can tell whether a text is one of them. */
final class Commands {

    private final CommandPattern[] listed;

    private Commands(List<CommandPattern> listed) {
        this.listed = listed.toArray(CommandPattern[]::new);
    }

    /** Creates a set from commands as policies write them. */
    static Commands of(List<String> patterns) {
        return new Commands(patterns.stream().map(CommandPattern::parse).toList());
    }

    /** Whether {@code text} is one of these commands. Invalid if it is not exactly one plain command. */
    Truth include(String text) {
        ShellCommand command = TextBound.isExceededBy(text) ? null : ShellCommand.parse(text);
        if (command == null) {
            return Truth.INVALID;
        }
        for (CommandPattern each : listed) {
            if (each.matches(command)) {
                return Truth.TRUE;
            }
        }
        return Truth.FALSE;
    }
}
