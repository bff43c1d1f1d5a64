package dev.interlock.policy.cli.replay;

import dev.interlock.policy.Rounds;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.cli.audit.AuditLine;
import dev.interlock.policy.cli.io.Lines;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an audit log says about a call after the line with its decision: how it ended, whether a person approved it, and
 * how often its server asked for input. By the id of its decision.
 */
final class AuditedCalls {

    private final boolean partial;
    private final Map<String, Call> calls = new HashMap<>();

    private static final class Call {
        private CallOutcome outcome = CallOutcome.SUCCEEDED;
        private boolean approved;
        private int rounds;
        private @Nullable Long ends;
        private boolean replayed;
    }

    /** @param partial whether a call may be replayed if the log lacks some of its arguments */
    AuditedCalls(boolean partial) {
        this.partial = partial;
    }

    /** Reads a whole file of a log. */
    void read(Lines lines) throws IOException {
        while (lines.next()) {
            AuditLine line = lines.isTooLong() ? null : AuditLine.read(lines.buffer(), lines.offset(), lines.length());
            if (line != null) {
                add(line);
            }
        }
    }

    private void add(AuditLine line) {
        String id = line.text("id");
        if (line.event().equals("settlement")) {
            Call call = call(id);
            call.outcome = CallOutcome.of(line.text("outcome")).orElse(CallOutcome.UNKNOWN);
            Instant ended = line.time();
            call.ends = ended == null ? null : ended.toEpochMilli();
            return;
        }
        if (line.text("decision").equals("approved")) {
            call(id).approved = true;
        }
        long round = line.number("round");
        if (round > 0) {
            Call call = call(id);
            call.rounds = (int) Math.max(call.rounds, Math.min(round, Rounds.MOST));
        }
    }

    private Call call(String id) {
        return calls.computeIfAbsent(id, key -> new Call());
    }

    /** Whether this is the first query for the call with this id. */
    boolean isNew(String id) {
        Call call = call(id);
        boolean first = !call.replayed;
        call.replayed = true;
        return first;
    }

    CallOutcome outcome(String id) {
        return call(id).outcome;
    }

    boolean approved(String id) {
        return call(id).approved;
    }

    /** When the call ended, in milliseconds of the wall clock; null if the log doesn't say. */
    @Nullable
    Long ends(String id) {
        return call(id).ends;
    }

    int rounds(String id) {
        return call(id).rounds;
    }

    /**
     * Refuses a call whose arguments are not all in the log, unless incomplete calls may be replayed.
     *
     * @throws DamagedLineException if it is refused
     */
    void requireArguments(@Nullable Boolean complete) {
        if (!partial && !Boolean.TRUE.equals(complete)) {
            throw new DamagedLineException("the log does not have all arguments of this call; have them recorded, or"
                    + " decide by those that there are with --partial");
        }
    }
}
