package dev.interlock.policy.cli.proxy;

import static dev.interlock.policy.cli.proxy.RunningProxy.call;
import static dev.interlock.policy.cli.proxy.RunningProxy.served;
import static dev.interlock.policy.cli.proxy.RunningProxy.tallied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.cli.Interlock;
import dev.interlock.policy.cli.Interlock.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A proxy that is killed in the middle of many calls, again and again. */
class KilledProxyIT {

    private static final int CALLS = Integer.getInteger("interlock.killed.calls", 200);
    private static final int KILLS = Integer.getInteger("interlock.killed.times", 3);

    /** How many calls are under way at a time. */
    private static final int UNDER_WAY = 16;

    private static final Pattern USED = Pattern.compile("\"used\":([0-9]+)");

    @TempDir
    private Path directory;

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void itsBudgetIsNeverExceededAndLosesNoMoreThanTheCallsUnderWay() throws Exception {
        // It is killed half way on average, so that the budget is used up after about half of the kills.
        long budget = (long) CALLS * KILLS / 4;
        Interlock interlock = new Interlock(directory).file("policy.yaml", """
                version: "1"
                tools:
                  pay:
                    rules:
                      - {name: budget, rate_limit: {max: %d, window: month, scope: global}}
                """.formatted(budget));
        Path tally = directory.resolve("tally");
        Random random = new Random(42);
        for (int kill = 1; kill <= KILLS; kill++) {
            try (RunningProxy proxy = RunningProxy.start(interlock, "policy.yaml", tally)) {
                callUntil(proxy, 1 + random.nextInt(CALLS));
                proxy.kill();
            }
            long used = used(interlock);
            long ran = tallied(tally);
            assertThat(used).as("after kill %d", kill).isBetween(ran, budget);
            assertThat(used - ran)
                    .as("counted but not run, after kill %d", kill)
                    .isLessThanOrEqualTo((long) kill * UNDER_WAY);
        }

        long left = budget - used(interlock);
        long ran = tallied(tally);
        try (RunningProxy proxy = RunningProxy.start(interlock, "policy.yaml", tally)) {
            for (int id = 1; id <= left; id++) {
                assertThat(proxy.pay(id)).contains("\"served\"");
            }
            assertThat(served(proxy.pay((int) left + 1))).isFalse();
        }
        assertThat(tallied(tally)).isEqualTo(ran + left).isLessThanOrEqualTo(budget);
    }

    /** Keeps so many calls under way until so many are answered. */
    private static void callUntil(RunningProxy proxy, int answered) throws IOException {
        int id = 0;
        while (id < UNDER_WAY) {
            proxy.send(call(++id, "pay", 5));
        }
        for (int answer = 0; answer < answered; answer++) {
            proxy.answer();
            proxy.send(call(++id, "pay", 5));
        }
    }

    private static long used(Interlock interlock) throws Exception {
        Result list = interlock.run("limits", "list", "--format", "json");
        Matcher used = USED.matcher(list.out());
        return used.find() ? Long.parseLong(used.group(1)) : 0;
    }
}
