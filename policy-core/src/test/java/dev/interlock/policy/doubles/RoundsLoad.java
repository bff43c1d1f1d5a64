package dev.interlock.policy.doubles;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.call.CallOutcome;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Many calls of several rounds at once: what is to become of each, and what must have come of it in the end. Calls are
 * numbered. The first {@link #CALLS} wait for input at the same time; the others come while those go on.
 */
public final class RoundsLoad {

    /** How many calls wait for input at the same time. */
    public static final int CALLS = Integer.getInteger("interlock.load.calls", 1_000);

    /** How many calls there are of each kind that comes later. */
    private static final int MORE = CALLS / 10;

    /** How many calls there are altogether. */
    public static final int ALL = CALLS + 3 * MORE;

    /** A tool that may be called. */
    public static final String BOOK = "book";

    /** A tool that may be called until a new policy denies it. */
    public static final String REVOKED = "revoked";

    /** A tool that may not be called. */
    public static final String FORBIDDEN = "forbidden";

    /** The name of the input that the server asks for, each time. */
    public static final String INPUT = "q";

    private static final int KINDS = 16;

    /** What becomes of a call. */
    public enum Fate {
        /** It is made again until it ends. */
        COMPLETES(CallOutcome.SUCCEEDED),
        /** It is made again until the tool says that it has failed. */
        COMPLETES_WITH_IS_ERROR(CallOutcome.TOOL_ERROR),
        /** It is made again until it is answered with an error. */
        COMPLETES_WITH_ERROR(CallOutcome.FAILED),
        /** Its client gives up while the server works on it. */
        CANCELLED_IN_FIRST_ROUND(CallOutcome.UNKNOWN),
        /** Its client gives up while the server works on it again. */
        CANCELLED_IN_SECOND_ROUND(CallOutcome.UNKNOWN),
        /** It is never made again. */
        LEFT(CallOutcome.UNKNOWN),
        /** It is made again when its time is over. */
        LATE(CallOutcome.SUCCEEDED, CallOutcome.UNKNOWN),
        /** It is made again with a state that is not its own. */
        FORGED(CallOutcome.FAILED, CallOutcome.UNKNOWN),
        /** It is made again twice at once. */
        TWICE(CallOutcome.SUCCEEDED, CallOutcome.SUCCEEDED),
        /** It is made again with another argument. */
        ANOTHER(CallOutcome.SUCCEEDED, CallOutcome.UNKNOWN),
        /** It is made again when a new policy denies it. */
        REVOKED(CallOutcome.UNKNOWN),
        /** It is denied. */
        FORBIDDEN,
        /** Its client gives up before or after it is decided, and before or after the server has it. */
        CANCELLED_AT_ONCE;

        /** What becomes of the calls that wait at the same time. Of these, the rest just completes. */
        private static final List<Fate> OPEN = List.of(
                COMPLETES,
                COMPLETES_WITH_IS_ERROR,
                COMPLETES_WITH_ERROR,
                CANCELLED_IN_FIRST_ROUND,
                CANCELLED_IN_SECOND_ROUND,
                LEFT,
                LATE,
                FORGED,
                TWICE,
                ANOTHER,
                REVOKED);

        @SuppressWarnings("ImmutableEnumChecker") // the list is unmodifiable
        private final List<CallOutcome> ends;

        Fate(CallOutcome... ends) {
            this.ends = List.of(ends);
        }

        /** What is to become of a call. */
        public static Fate of(int n) {
            if (n >= CALLS) {
                return n < CALLS + MORE ? FORBIDDEN : n < CALLS + 2 * MORE ? CANCELLED_AT_ONCE : COMPLETES;
            }
            int kind = n % KINDS;
            return kind < OPEN.size() ? OPEN.get(kind) : COMPLETES;
        }

        /** How such a call ends for a guard on the server's side, which settles it when the server first asks. */
        private List<CallOutcome> endsOnServer() {
            return switch (this) {
                case FORBIDDEN -> ends;
                // What the server has said is not known to it from another call.
                case ANOTHER -> List.of(CallOutcome.FAILED, CallOutcome.UNKNOWN);
                case LATE, FORGED -> ends;
                case TWICE -> List.of(CallOutcome.SUCCEEDED, CallOutcome.UNKNOWN);
                default -> List.of(CallOutcome.UNKNOWN);
            };
        }
    }

    private RoundsLoad() {}

    /** Returns those of the calls that wait at the same time that this is to become of. */
    public static List<Integer> with(Fate fate) {
        return IntStream.range(0, CALLS).filter(n -> Fate.of(n) == fate).boxed().toList();
    }

    /** How often the server asks for input before it ends a call. */
    private static int asks(int n) {
        return switch (Fate.of(n)) {
            case COMPLETES, COMPLETES_WITH_IS_ERROR, COMPLETES_WITH_ERROR -> 1 + n / KINDS % 3;
            default -> 1;
        };
    }

    /** How often the server gets a call. */
    private static int arrivals(int n) {
        return switch (Fate.of(n)) {
            case FORBIDDEN -> 0;
            case CANCELLED_IN_FIRST_ROUND, LEFT, REVOKED -> 1;
            case TWICE -> 3;
            default -> asks(n) + 1;
        };
    }

    /** The tool that is called. */
    public static String tool(int n) {
        return switch (Fate.of(n)) {
            case REVOKED -> REVOKED;
            case FORBIDDEN -> FORBIDDEN;
            default -> BOOK;
        };
    }

    /**
     * Returns the arguments of a call. They tell the server how often to ask for input, whether to {@code end} with
     * {@code isError} or an {@code error} in place of a result, and in which round to {@code hold} the call, without an
     * answer.
     */
    public static Map<String, Object> arguments(int n) {
        Map<String, Object> arguments = new LinkedHashMap<>(Map.of("n", n, "asks", asks(n)));
        switch (Fate.of(n)) {
            case COMPLETES_WITH_IS_ERROR -> arguments.put("end", "isError");
            case COMPLETES_WITH_ERROR -> arguments.put("end", "error");
            case CANCELLED_IN_FIRST_ROUND -> arguments.put("hold", 0);
            case CANCELLED_IN_SECOND_ROUND -> arguments.put("hold", 1);
            default -> {}
        }
        return arguments;
    }

    /** Returns a state that is not that of the call. */
    public static String forged(int n, Map<Integer, String> states) {
        String own = states.get(n);
        return switch (n / KINDS % 3) {
            case 0 -> own + "x";
            case 1 -> "x" + own;
            // That of another call, which goes on with it.
            default -> states.get(n - n % KINDS);
        };
    }

    /**
     * Checks that each call was charged once and settled once, with the right outcome, that each is on record, and that
     * the server got each as often as it was let through.
     *
     * @param all how many calls have been made
     * @param arrivals how often the server got a call
     * @param onServer whether the guard is on the server's side
     */
    public static void assertEachOnce(
            int all, CallTrail trail, RecordingLimiter limiter, IntUnaryOperator arrivals, boolean onServer) {
        trail.assertWhole();
        Map<String, List<CallOutcome>> ends = trail.ends();
        Map<String, Integer> decisions = trail.decisions();
        for (int n = 0; n < all; n++) {
            Fate fate = Fate.of(n);
            String call = "call " + n + ": " + fate;
            List<CallOutcome> end = ends.getOrDefault(String.valueOf(n), List.of());
            int arrived = arrivals.applyAsInt(n);
            if (fate == Fate.CANCELLED_AT_ONCE) {
                assertThat(arrived).as(call).isLessThanOrEqualTo(1);
                List<CallOutcome> unknown = List.of(CallOutcome.UNKNOWN);
                assertThat(end)
                        .as("%s, after the server got it %s times", call, arrived)
                        .isIn(
                                arrived > 0
                                        ? List.of(unknown)
                                        : List.of(List.of(), List.of(CallOutcome.UNSENT), unknown));
            } else {
                assertThat(end).as(call).isEqualTo(onServer ? fate.endsOnServer() : fate.ends);
                assertThat(arrived).as(call).isEqualTo(arrivals(n));
                boolean denied = fate == Fate.REVOKED || fate == Fate.FORBIDDEN;
                assertThat(decisions.get(String.valueOf(n))).as(call).isEqualTo(arrived + (denied ? 1 : 0));
            }
        }
        assertThat(limiter.settledEachOnce()).isTrue();
        Map<CallOutcome, Integer> unrecorded = new EnumMap<>(CallOutcome.class);
        limiter.settlements().forEach(outcome -> unrecorded.merge(outcome, 1, Integer::sum));
        ends.values().forEach(each -> each.forEach(outcome -> unrecorded.merge(outcome, -1, Integer::sum)));
        assertThat(unrecorded.getOrDefault(CallOutcome.UNSENT, 0))
                .as("what was given back for calls that were cancelled before they were decided")
                .isBetween(0, MORE);
        unrecorded.remove(CallOutcome.UNSENT);
        assertThat(unrecorded.values()).as("what is charged but not recorded").allMatch(count -> count == 0);
    }
}
