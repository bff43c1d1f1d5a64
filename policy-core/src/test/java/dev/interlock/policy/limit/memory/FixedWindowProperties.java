package dev.interlock.policy.limit.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.doubles.ManualTime;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.limit.Usage;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Fixed windows against a model that forgets nothing, while the wall clock steps about. */
class FixedWindowProperties {

    /** What happens next: the wall clock steps, then a key is charged, or gets its n-th reservation back. */
    record Step(long wallSeconds, int key, long micros, int giveBack) {}

    private record Call(long window, long micros) {}

    /** Every call of one key, each with the window it was counted in. */
    private static final class Model {
        final List<Call> calls = new ArrayList<>();
        long current = Long.MIN_VALUE;

        long window(Window window, long wall) {
            return Math.max(current, CalendarWindows.start(window, wall));
        }

        BigInteger used(long window) {
            return calls.stream()
                    .filter(call -> call.window == window)
                    .map(call -> BigInteger.valueOf(call.micros))
                    .reduce(BigInteger.ZERO, BigInteger::add);
        }
    }

    private static final class Held {
        final Reservation.Granted granted;
        final Model model;
        final Call call;

        Held(Reservation.Granted granted, Model model, Call call) {
            this.granted = granted;
            this.model = model;
            this.call = call;
        }
    }

    private static Charge charge(int key, LimitRule rule, long micros) {
        return new Charge(new LimitKey("limit", "" + key), rule, new Amount(micros), ChargeMode.SENT);
    }

    @Property
    void withAClockThatStepsAboutItAdmitsExactlyWhatTheModelAdmits(
            @ForAll("windows") Window window, @ForAll("steps") List<Step> steps) {
        play(window, steps, 1, true);
    }

    @Property
    void forgettingEndedWindowsAdmitsNothingThatRememberingThemWouldNot(
            @ForAll("windows") Window window, @ForAll("steps") List<Step> steps) {
        play(window, steps, 4, false);
    }

    private static void play(Window window, List<Step> steps, int keys, boolean exact) {
        ManualTime time = ManualTime.at("2028-02-28T23:30:00Z");
        RateLimiter limiter = InMemoryRateLimiter.builder()
                .time(time)
                .maxKeys(Math.max(1, keys - 1))
                .build();
        LimitRule rule = new LimitRule.FixedWindow(Amount.of(5), window);
        Map<Integer, Model> models = new HashMap<>();
        List<Held> open = new ArrayList<>();
        for (Step step : steps) {
            time.setWall(Instant.ofEpochMilli(time.wallMillis()).plusSeconds(step.wallSeconds));
            if (step.micros == 0) {
                if (!open.isEmpty()) {
                    Held held = open.remove(step.giveBack % open.size());
                    limiter.settle(held.granted, CallOutcome.UNSENT);
                    held.model.calls.remove(held.call);
                }
                continue;
            }
            int number = step.key % keys;
            Model model = models.computeIfAbsent(number, key -> new Model());
            long current = model.window(window, time.wallMillis());
            BigInteger used = model.used(current);
            boolean room = used.longValueExact() + step.micros <= rule.max().micros();
            Charge charge = charge(number, rule, step.micros);
            Usage usage = limiter.usage(List.of(charge)).get(0);
            Reservation reservation = limiter.reserve(new Batch("", List.of(charge)));
            boolean admitted = reservation instanceof Reservation.Granted;
            if (exact) {
                assertThat(admitted).isEqualTo(room);
                assertThat(usage.used().micros()).isEqualTo(used.longValueExact());
            } else {
                assertThat(admitted && !room).isFalse();
                assertThat(usage.used().micros()).isGreaterThanOrEqualTo(used.longValueExact());
            }
            if (reservation instanceof Reservation.Granted granted) {
                Call call = new Call(current, step.micros);
                model.current = current;
                model.calls.add(call);
                open.add(new Held(granted, model, call));
            } else if (exact) {
                assertThat(((Reservation.NotGranted) reservation).retryAfter())
                        .isEqualTo(Duration.ofMillis(CalendarWindows.end(window, current) - time.wallMillis()))
                        .isEqualTo(usage.retryAfter());
            }
        }
    }

    @Provide
    Arbitrary<Window> windows() {
        return Arbitraries.oneOf(
                Arbitraries.of(Window.Calendar.values()),
                Arbitraries.of(
                        new Window.InZone(Window.Calendar.HOUR, ZoneId.of("Australia/Lord_Howe")),
                        new Window.InZone(Window.Calendar.DAY, ZoneId.of("America/New_York")),
                        new Window.InZone(Window.Calendar.WEEK, ZoneId.of("Europe/Berlin"))),
                Arbitraries.of(1L, 7L, 90L, 86_400L, 31_622_400L).map(s -> new Window.Length(Duration.ofSeconds(s))));
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Long> wall = Arbitraries.oneOf(
                Arbitraries.of(0L, 0L, 0L, 1L, -1L, 60L, 1_800L, 3_600L, -3_600L, 86_400L, -86_400L, 604_800L),
                Arbitraries.longs().between(-100, 400),
                Arbitraries.longs().between(-100_000_000, 100_000_000));
        Arbitrary<Long> micros = Arbitraries.oneOf(
                Arbitraries.just(0L),
                Arbitraries.just(Amount.ONE_MICROS),
                Arbitraries.longs().between(1, 5_000_000));
        return Combinators.combine(
                        wall,
                        Arbitraries.integers().between(0, 3),
                        micros,
                        Arbitraries.integers().between(0, 30))
                .as(Step::new)
                .list()
                .ofMaxSize(60)
                .withoutEdgeCases();
    }
}
