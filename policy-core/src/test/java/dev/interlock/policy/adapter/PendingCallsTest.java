package dev.interlock.policy.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.adapter.PendingCalls.Addition;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The bounds of calls that await their response. */
class PendingCallsTest {

    private static final int PLACES = 40;
    private static final long BYTES = 40_000;

    private final ManualTime time = new ManualTime();
    private final List<String> abandoned = new ArrayList<>();
    private final PendingCalls<String> pending =
            new PendingCalls<>(time, time, Duration.ofMinutes(1), PLACES, BYTES, abandoned::add);

    private Addition add(int id, String caller, int size) {
        ToolCall call = ToolCall.of("pay", Map.of("note", "x".repeat(size))).by(caller);
        return pending.add(id, "call " + id, call);
    }

    private int addAll(int from, String caller, int size) {
        int id = from;
        while (add(id, caller, size) == Addition.AWAITED) {
            id++;
        }
        return id - from;
    }

    @Test
    void aLaterCallIsRefusedAndNoEarlierOneIsDropped() {
        assertThat(addAll(0, "ann", 1)).isEqualTo(PLACES / 4);

        assertThat(add(100, "ann", 1)).isEqualTo(Addition.FULL);
        assertThat(abandoned).isEmpty();
        assertThat(pending.take(0)).isEqualTo("call 0");
        assertThat(add(100, "ann", 1)).isEqualTo(Addition.AWAITED);
    }

    @Test
    void oneCallerLeavesRoomToTheOthers() {
        addAll(0, "ann", 1);

        assertThat(addAll(100, "bob", 1)).isEqualTo(PLACES / 4);
        assertThat(addAll(200, "cem", 1)).isEqualTo(PLACES / 4);
        assertThat(addAll(300, "dot", 1)).isEqualTo(PLACES / 4);
        assertThat(add(400, "eve", 1)).isEqualTo(Addition.FULL);
        assertThat(pending.size()).isEqualTo(PLACES);
    }

    @Test
    void largeCallsTakeUpABoundedSpaceTogether() {
        assertThat(addAll(0, "ann", 4_000)).isEqualTo(2);
        assertThat(addAll(100, "bob", 4_000)).isEqualTo(2);
        assertThat(add(200, "ann", 1)).as("a small one").isEqualTo(Addition.AWAITED);
    }

    @Test
    void whatTheRequestSaysBesideTheArgumentsCountsAsWell() {
        ToolCall call = ToolCall.of("pay", Map.of()).by("ann").saying((ObjectValue)
                Value.freeze(Map.of("inputResponses", Map.of("q", "x".repeat(6_000)))));

        assertThat(pending.add(1, "large", call)).isEqualTo(Addition.FULL);
    }

    @Test
    void eachWayOutOfTheTableMakesRoomForOneMore() {
        String forgotten = "forgotten";
        assertThat(pending.add(0, forgotten, ToolCall.of("pay", Map.of()).by("ann")))
                .isEqualTo(Addition.AWAITED);
        addAll(1, "ann", 900);
        assertThat(add(50, "ann", 900)).isEqualTo(Addition.FULL);

        pending.take(1);
        assertThat(add(51, "ann", 900)).isEqualTo(Addition.AWAITED);
        pending.forget(0, forgotten);
        assertThat(add(52, "ann", 900)).isEqualTo(Addition.AWAITED);
        pending.abandon("call 2"::equals);
        assertThat(add(53, "ann", 900)).isEqualTo(Addition.AWAITED);
        assertThat(add(3, "ann", 900)).as("in the place of the one before").isEqualTo(Addition.AWAITED);
        assertThat(add(54, "ann", 900)).isEqualTo(Addition.FULL);
        time.advance(Duration.ofMinutes(1));
        assertThat(pending.size()).isZero();
        assertThat(addAll(60, "ann", 900)).isEqualTo(PLACES / 4);
        pending.close();
        pending.open();
        assertThat(addAll(80, "ann", 900)).isEqualTo(PLACES / 4);
    }

    @Test
    void aClosedTableTakesNothing() {
        pending.close();

        assertThat(add(1, "ann", 1)).isEqualTo(Addition.CLOSED);
    }
}
