package dev.interlock.policy.jdbc;

import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Window;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalTickets;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Requests;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketBounds;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.call.CallOutcome;
import dev.interlock.policy.limit.Batch;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.Charge;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.limit.RateLimiter;
import dev.interlock.policy.limit.Reservation;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMemory;
import dev.interlock.policy.state.Suspension;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sqlite.SQLiteDataSource;

/**
 * One process of several that use one database at once. It reads what to do from its input, a line for each task: the
 * task, the database's URL and a number. It answers each with a line that begins with {@code answer}. {@link
 * RacingJvms} starts it.
 */
public final class StoreRacer {

    /** What is answered for a task that has failed. Why is on the process's standard error. */
    static final long FAILED = -1_000_000;

    private static final Duration DAY = Duration.ofDays(1);

    private final String name;
    private final JdbcStore store;
    private final int number;

    private StoreRacer(String name, String url, int number) {
        this.name = name;
        this.number = number;
        this.store = JdbcStore.on(connections(url))
                .timeout(Duration.ofMinutes(2))
                .maxSessions(40)
                .build();
    }

    private static DataSource connections(String url) {
        if (url.startsWith("jdbc:sqlite:")) {
            SQLiteDataSource source = new SQLiteDataSource();
            source.setUrl(url);
            return new SmallPool(source);
        }
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        return new SmallPool(source);
    }

    /** Takes the name of the process. */
    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("answer ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] task = line.split(" ", -1);
            StoreRacer racer = new StoreRacer(arguments[0], task[1], Integer.parseInt(task[2]));
            try {
                System.out.println("answer " + racer.run(task[0]));
            } catch (RuntimeException e) {
                e.printStackTrace();
                System.out.println("answer " + FAILED);
            } finally {
                racer.store.close();
            }
        }
    }

    private long run(String task) {
        return switch (task) {
            case "calls" -> calls();
            case "batches" -> batches();
            case "once" -> once();
            case "values" -> values();
            case "marks" -> marks();
            case "clear" -> store.sessionRecords().clear("s") ? 1 : 0;
            case "sessions" -> sessions();
            case "claims" -> claims();
            case "tickets" -> tickets();
            case "approve" -> approve();
            case "stop" -> stop();
            default -> throw new IllegalArgumentException(task);
        };
    }

    // ---- limits: at most fifty of each kind ----

    /** What {@code stop} resets. */
    static final LimitKey RESET = new LimitKey("reset", "s");

    private static Charge charge(String limit, LimitRule rule) {
        return new Charge(new LimitKey(limit, "s"), rule, Amount.ONE, ChargeMode.SENT);
    }

    private static List<Charge> charges() {
        return List.of(
                charge("bucket", new LimitRule.TokenBucket(Amount.of(50), Duration.ofDays(366))),
                charge("fixed", new LimitRule.FixedWindow(Amount.of(50), new Window.Length(Duration.ofDays(366)))),
                charge("sliding", new LimitRule.SlidingWindow(Amount.of(50), DAY)),
                charge("places", new LimitRule.Concurrent(Amount.of(50), DAY)));
    }

    private boolean admits(Batch batch) {
        Reservation answer = store.rateLimiter().reserve(batch);
        if (answer instanceof Reservation.NotGranted refused && refused.reason() != Reservation.Reason.NO_ROOM) {
            throw new IllegalStateException(refused.toString());
        }
        return answer instanceof Reservation.Granted;
    }

    /** How many of so many calls are admitted, each by one kind of limit, in turn. */
    private long calls() {
        long admitted = 0;
        for (int i = 0; i < number; i++) {
            Charge charge = charges().get(i % 4);
            admitted += admits(new Batch(name + "-" + i, List.of(charge))) ? 1 : 0;
        }
        return admitted;
    }

    /** How many of so many calls to all limits at once are admitted. Every second one that is gives all back first. */
    private long batches() {
        RateLimiter limiter = store.rateLimiter();
        long admitted = 0;
        for (int i = 0; i < number; i++) {
            Batch first = new Batch(name + "-" + i + "-first", charges());
            if (i % 2 == 0 && limiter.reserve(first) instanceof Reservation.Granted granted) {
                limiter.settle(granted, CallOutcome.UNSENT);
            }
            admitted += admits(new Batch(name + "-" + i, charges())) ? 1 : 0;
        }
        return admitted;
    }

    /** How many of so many keys this process is the one to use up. */
    private long once() {
        long won = 0;
        for (int i = 0; i < number; i++) {
            LimitKey key = new LimitKey("once", Integer.toString(i));
            won += admits(Batch.once(name + "-" + i, key, Caller.of("ana", ""), DAY)) ? 1 : 0;
        }
        return won;
    }

    // ---- marks ----

    private MarkRoom reserve(String session, String caller, boolean identified, Map<String, Set<String>> values) {
        Caller by = Caller.of(identified ? caller : null, caller);
        MarkRoom room = store.sessionMemory().reserve(new MarkClaim(session, by, values));
        if (room instanceof MarkRoom.None none && none.reason() == MarkRoom.Shortage.UNAVAILABLE) {
            throw new IllegalStateException("unavailable");
        }
        return room;
    }

    /** How many of so many values find room, and are set: each is read again at once. */
    private long values() {
        SessionMemory memory = store.sessionMemory();
        long kept = 0;
        for (int i = 0; i < number; i++) {
            String value = name + "-" + i;
            if (reserve("s", "s", false, Map.of("seen", Set.of(value))) instanceof MarkRoom.Kept room) {
                NewMark mark = new NewMark("seen", List.of(value), true, DAY);
                memory.change("s", room, new SessionChange(Set.of(), 0, List.of(mark), true));
                kept++;
            }
        }
        return kept;
    }

    /** Sets a mark so many times, and clears what was there when it was decided: what it sets stays until the next. */
    private long marks() {
        SessionMemory memory = store.sessionMemory();
        long there = 0;
        for (int i = 0; i < number; i++) {
            long decided = memory.call("s").moment();
            MarkRoom.Kept room = (MarkRoom.Kept) reserve("s", "s", false, Map.of());
            NewMark mark = NewMark.plain(name, DAY);
            memory.change("s", room, new SessionChange(Set.of(name), decided, List.of(mark), true));
            memory.change("s", null, new SessionChange(Set.of(name), decided, List.of(), true));
            there += memory.read("s").names().contains(name) ? 1 : 0;
        }
        return there;
    }

    /** How many of so many sessions find a place, each with a caller of its own; every second one is identified. */
    private long sessions() {
        long kept = 0;
        for (int i = 0; i < number; i++) {
            String session = name + "-" + i;
            kept += reserve(session, session, i % 2 == 0, Map.of()) instanceof MarkRoom.Kept ? 1 : 0;
        }
        return kept;
    }

    // ---- tickets ----

    static final TicketBounds ROOMY = new TicketBounds(1_000, 1_000, 1_000_000, 1_000_000);

    /** A ticket for a call that is told by its name. */
    static NewTicket ticket(String call) {
        ApprovalRequest request = Requests.pay("bot", Map.of("call", call));
        return new NewTicket(UUID.randomUUID().toString(), call, "bot", request, 10, DAY);
    }

    /** How many of so many yeses this process is the one to use, with four threads that want each of them. */
    private long claims() {
        AtomicLong used = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            threads.add(new Thread(() -> {
                for (int i = 0; i < number; i++) {
                    TicketClaim claim = store.approvalStore().claim(ticket("call " + i), ROOMY);
                    if (claim instanceof TicketClaim.Found found
                            && found.ticket().state() == Ticket.State.APPROVED) {
                        used.incrementAndGet();
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return used.get();
    }

    /** How many of so many tickets find a place, where there are ten for all. */
    private long tickets() {
        TicketBounds ten = new TicketBounds(1_000, 10, 1_000_000, 1_000_000);
        long opened = 0;
        for (int i = 0; i < number; i++) {
            TicketClaim claim = store.approvalStore().claim(ticket(name + "-" + i), ten);
            opened += claim instanceof TicketClaim.Opened ? 1 : 0;
        }
        return opened;
    }

    /** Suspends calls and resets a count. */
    private long stop() {
        store.suspensionStore().suspend(new Suspension("Stopped.", name, Instant.EPOCH));
        return store.limitRecords().reset(RESET) ? 1 : 0;
    }

    /** Opens a ticket and approves it. */
    private long approve() {
        NewTicket fresh = ticket("call 0");
        store.approvalStore().claim(fresh, ROOMY);
        TicketAnswer yes = new TicketAnswer(true, name, null, null);
        return store.approvalStore().answer(fresh.id(), yes) == ApprovalTickets.AnswerResult.ACCEPTED ? 1 : 0;
    }
}
