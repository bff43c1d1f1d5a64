package dev.interlock.policy.engine;

import dev.interlock.policy.Clearing;
import dev.interlock.policy.Mark;
import dev.interlock.policy.Path;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.call.CallResult;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PathReader.MemberStep;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMarks;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a plan says about the marks of a call's session. */
final class PlannedMarks {

    static final PlannedMarks NONE = new PlannedMarks(List.of(), Set.of());

    private final List<PlannedMark> marks;
    private final Set<String> clears;

    private PlannedMarks(List<PlannedMark> marks, Set<String> clears) {
        this.marks = marks;
        this.clears = clears;
    }

    /**
     * One mark.
     *
     * @param of the call whose arguments it takes values from; null for the call itself
     * @param steps the steps of its path after the arguments, or after the member of the result
     */
    private record PlannedMark(Mark mark, @Nullable ToolCall of, List<Optional<MemberStep>> steps) {

        static PlannedMark of(Mark mark) {
            Path value = mark.value();
            List<Path.Step> steps = value == null ? List.of() : value.steps();
            boolean result = value != null && value.root() == Path.Root.RESULT;
            return new PlannedMark(mark, null, MarkValues.steps(result ? steps.subList(1, steps.size()) : steps));
        }

        boolean takesArguments() {
            Path value = mark.value();
            return value != null && value.root() != Path.Root.RESULT;
        }

        /** The values in the arguments. */
        MarkValues arguments(ToolCall call) {
            ToolCall from = of == null ? call : of;
            return MarkValues.at(from.arguments().root(), steps);
        }
    }

    static PlannedMarks of(List<Mark> marks, List<Clearing> clears) {
        if (marks.isEmpty() && clears.isEmpty()) {
            return NONE;
        }
        Set<String> names = new LinkedHashSet<>();
        clears.forEach(clearing -> names.add(clearing.mark()));
        return new PlannedMarks(marks.stream().map(PlannedMark::of).toList(), names);
    }

    static PlannedMarks together(List<PlannedMarks> parts) {
        List<PlannedMark> marks = new ArrayList<>();
        Set<String> clears = new LinkedHashSet<>();
        for (PlannedMarks part : parts) {
            marks.addAll(part.marks);
            clears.addAll(part.clears);
        }
        return marks.isEmpty() && clears.isEmpty() ? NONE : new PlannedMarks(marks, clears);
    }

    /**
     * What is said about a call that another call makes, as far as it holds for that other call: it is not known
     * whether the inner one has succeeded.
     */
    PlannedMarks of(InnerCall inner) {
        List<PlannedMark> left = new ArrayList<>();
        for (PlannedMark mark : marks) {
            if (!mark.mark.onSuccess()) {
                left.add(new PlannedMark(mark.mark, mark.of == null ? inner.call() : mark.of, mark.steps));
            }
        }
        return left.isEmpty() ? NONE : new PlannedMarks(left, Set.of());
    }

    boolean isEmpty() {
        return marks.isEmpty() && clears.isEmpty();
    }

    /**
     * Whether a mark that the call may set can't be set: its values in the arguments can't be told, or are too long.
     */
    boolean hasUnusable(ToolCall call) {
        for (PlannedMark mark : marks) {
            if (mark.takesArguments() && !mark.arguments(call).isUsable()) {
                return true;
            }
        }
        return false;
    }

    /** The names of the marks that a call may set. */
    Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        marks.forEach(mark -> names.add(mark.mark.name()));
        return names;
    }

    /** The room that a call needs; null if it needs none, or has no session. */
    @Nullable
    MarkClaim claim(ToolCall call) {
        String session = call.markSession();
        if (marks.isEmpty() || session == null) {
            return null;
        }
        Map<String, Set<String>> values = new HashMap<>();
        for (PlannedMark mark : marks) {
            MarkValues found = mark.takesArguments() ? mark.arguments(call) : null;
            if (found != null && found.isUsable() && !found.texts().isEmpty()) {
                values.computeIfAbsent(mark.mark.name(), name -> new HashSet<>())
                        .addAll(found.texts());
            }
        }
        return new MarkClaim(session, Caller.of(call.identity(), session), values);
    }

    /**
     * What the end of a call changes.
     *
     * @param seen the marks that the call was decided by; null if there were none to read
     * @param outcome how the call has ended, or that it may go on
     * @param came what was answered; null if nothing was, or it is not known
     * @param passes whether its caller may see that
     * @param last whether the call has ended
     */
    SessionChange change(
            ToolCall call,
            @Nullable SessionMarks seen,
            CallOutcome outcome,
            @Nullable CallResult came,
            boolean passes,
            boolean last) {
        if (outcome == CallOutcome.UNSENT) {
            return SessionChange.NONE;
        }
        boolean success = outcome == CallOutcome.SUCCEEDED && passes;
        List<NewMark> set = new ArrayList<>();
        for (PlannedMark mark : marks) {
            if (success || !mark.mark.onSuccess()) {
                set.add(set(mark, call, outcome, came));
            }
        }
        return new SessionChange(success ? clears : Set.of(), seen == null ? 0 : seen.moment(), set, last);
    }

    private static NewMark set(PlannedMark planned, ToolCall call, CallOutcome outcome, @Nullable CallResult came) {
        Mark mark = planned.mark;
        Path path = mark.value();
        if (path == null) {
            return NewMark.plain(mark.name(), mark.lasting());
        }
        MarkValues values = planned.takesArguments() ? planned.arguments(call) : result(planned, path, outcome, came);
        return values.isUsable()
                ? new NewMark(mark.name(), List.copyOf(values.texts()), true, mark.lasting())
                : NewMark.unknown(mark.name(), mark.lasting());
    }

    private static MarkValues result(PlannedMark planned, Path path, CallOutcome outcome, @Nullable CallResult came) {
        if (came == null) {
            // Of a call that was lost or failed, nothing was seen. Of others, something was, but not here.
            boolean seen = outcome == CallOutcome.SUCCEEDED || outcome == CallOutcome.TOOL_ERROR;
            return seen ? MarkValues.unusable() : MarkValues.at(null, planned.steps);
        }
        try {
            if (path.member(0).equals("structured") && ResultView.isUnclear(came)) {
                return MarkValues.unusable();
            }
            Value start = new ResultView(came).read(path.member(0));
            return MarkValues.at(start, planned.steps);
        } catch (InvalidValueException e) {
            return MarkValues.unusable();
        }
    }
}
