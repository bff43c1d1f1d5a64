package dev.interlock.policy.recorded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.interlock.policy.call.CallOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Each feature of the language decides on a path as it was recorded. A path has a subclass; a test plays the cases of
 * the file of its name.
 */
public abstract class RecordedPathContract {

    private static final Set<CallOutcome> ANSWERS =
            Set.of(CallOutcome.SUCCEEDED, CallOutcome.TOOL_ERROR, CallOutcome.FAILED);

    /** The value of a mark, or an amount that comes afterwards. */
    private static final Pattern READS_RESULTS = Pattern.compile("(value|from)\\W{1,6}(result|usage)\\.");

    /** Plays a case; answers with what went wrong, or null. */
    protected abstract @Nullable String play(RecordedCase recorded) throws Exception;

    /** Whether calls can be made so, and end so, on this path. */
    protected boolean expresses(RecordedCase recorded) {
        return true;
    }

    /** The features of which no case can be played on this path. */
    protected Set<String> unknown() {
        return Set.of();
    }

    /**
     * Whether a case can be played on a path with a server. A server's answer is no sign that a call was not sent, or
     * that its end is unknown; a call whose tool has a blank name is malformed there; a guard is told the name of its
     * server or refuses a policy that needs it; and nothing tells a guard what a call has used.
     */
    protected static boolean isServed(RecordedCase recorded) {
        boolean needsServers = recorded.policy().contains("server");
        return !recorded.policy().contains("usage.")
                && recorded.steps().stream()
                        .allMatch(step -> ANSWERS.contains(step.outcome())
                                && !step.call().tool().isBlank()
                                && !(needsServers && step.call().server() == null));
    }

    /** Whether what a case decides depends on what came back, which not every path holds. */
    protected static boolean readsResults(RecordedCase recorded) {
        return READS_RESULTS.matcher(recorded.policy()).find();
    }

    private void playCasesOf(String feature) throws Exception {
        List<RecordedCase> cases = RecordedCase.selected(feature).stream()
                .filter(recorded -> !RecordedCase.isAhead(recorded.policy()))
                .toList();
        assumeTrue(!cases.isEmpty(), "the language does not have it yet");
        List<RecordedCase> expressed = cases.stream().filter(this::expresses).toList();
        assertThat(expressed.isEmpty())
                .as("whether no case of %s can be played on this path", feature)
                .isEqualTo(unknown().contains(feature));
        List<String> problems = new ArrayList<>();
        for (RecordedCase recorded : expressed) {
            String problem = play(recorded);
            if (problem != null) {
                problems.add(problem);
            }
        }
        assertThat(problems).as("cases of %s", feature).isEmpty();
    }

    @Test
    void names() throws Exception {
        playCasesOf("names");
    }

    @Test
    void hidden() throws Exception {
        playCasesOf("hidden");
    }

    @Test
    void defaultDeny() throws Exception {
        playCasesOf("default_deny");
    }

    @Test
    void equality() throws Exception {
        playCasesOf("equality");
    }

    @Test
    void missing() throws Exception {
        playCasesOf("missing");
    }

    @Test
    void neighbours() throws Exception {
        playCasesOf("neighbours");
    }

    @Test
    void operators() throws Exception {
        playCasesOf("operators");
    }

    @Test
    void grants() throws Exception {
        playCasesOf("grants");
    }

    @Test
    void scopes() throws Exception {
        playCasesOf("scopes");
    }

    @Test
    void charge() throws Exception {
        playCasesOf("charge");
    }

    @Test
    void calendarWindows() throws Exception {
        playCasesOf("calendar_windows");
    }

    @Test
    void buckets() throws Exception {
        playCasesOf("buckets");
    }

    @Test
    void slidingWindows() throws Exception {
        playCasesOf("sliding_windows");
    }

    @Test
    void spend() throws Exception {
        playCasesOf("spend");
    }

    @Test
    void counters() throws Exception {
        playCasesOf("counters");
    }

    @Test
    void validation() throws Exception {
        playCasesOf("validation");
    }

    @Test
    void approvals() throws Exception {
        playCasesOf("approvals");
    }

    @Test
    void ratings() throws Exception {
        playCasesOf("ratings");
    }

    @Test
    void audit() throws Exception {
        playCasesOf("audit");
    }

    @Test
    void valueFrom() throws Exception {
        playCasesOf("value_from");
    }

    @Test
    void any() throws Exception {
        playCasesOf("any");
    }

    @Test
    void askIf() throws Exception {
        playCasesOf("ask_if");
    }

    @Test
    void during() throws Exception {
        playCasesOf("during");
    }

    @Test
    void zone() throws Exception {
        playCasesOf("zone");
    }

    @Test
    void per() throws Exception {
        playCasesOf("per");
    }

    @Test
    void concurrent() throws Exception {
        playCasesOf("concurrent");
    }

    @Test
    void servers() throws Exception {
        playCasesOf("servers");
    }

    @Test
    void suspended() throws Exception {
        playCasesOf("suspended");
    }

    @Test
    void unwrap() throws Exception {
        playCasesOf("unwrap");
    }

    @Test
    void urlIn() throws Exception {
        playCasesOf("url_in");
    }

    @Test
    void commandIn() throws Exception {
        playCasesOf("command_in");
    }

    @Test
    void context() throws Exception {
        playCasesOf("context");
    }

    @Test
    void custom() throws Exception {
        playCasesOf("custom");
    }

    @Test
    void failures() throws Exception {
        playCasesOf("failures");
    }

    @Test
    void results() throws Exception {
        playCasesOf("results");
    }

    @Test
    void marks() throws Exception {
        playCasesOf("marks");
    }

    @Test
    void afterwards() throws Exception {
        playCasesOf("afterwards");
    }
}
