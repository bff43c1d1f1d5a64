package dev.interlock.policy.naive;

import java.util.List;

/** What comes of comparing: it holds, it doesn't, or the two can't be compared. */
enum Outcome {
    TRUE,
    FALSE,
    INVALID;

    static Outcome of(boolean holds) {
        return holds ? TRUE : FALSE;
    }

    /** One that holds is enough. */
    static Outcome any(List<Outcome> outcomes) {
        if (outcomes.contains(TRUE)) {
            return TRUE;
        }
        return outcomes.contains(INVALID) ? INVALID : FALSE;
    }

    /** All of them hold; one plain no decides, whatever couldn't be compared beside it. */
    static Outcome all(List<Outcome> outcomes) {
        if (outcomes.contains(FALSE)) {
            return FALSE;
        }
        return outcomes.contains(INVALID) ? INVALID : TRUE;
    }
}
