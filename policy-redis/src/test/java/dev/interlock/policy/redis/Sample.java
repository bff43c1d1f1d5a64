package dev.interlock.policy.redis;

import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Requests;
import dev.interlock.policy.approval.TicketBounds;
import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Marks and tickets for tests. */
final class Sample {

    static final String SESSION = "s1";
    static final TicketBounds ROOMY = new TicketBounds(1_000, 1_000, 1_000_000, 1_000_000);

    private final AtomicInteger ids = new AtomicInteger();

    static MarkClaim claim(Map<String, Set<String>> values) {
        return claim(SESSION, values);
    }

    static MarkClaim claim(String session, Map<String, Set<String>> values) {
        return new MarkClaim(session, Caller.of(null, session), values);
    }

    static SessionChange setting(String mark, boolean last) {
        return new SessionChange(Set.of(), 0, List.of(NewMark.plain(mark, null)), last);
    }

    void mark(RedisStore store, String session, String name, @Nullable Duration lasting) {
        set(store, session, NewMark.plain(name, lasting));
    }

    void fill(RedisStore store, String mark, int values) {
        List<String> texts =
                IntStream.range(0, values).mapToObj(Integer::toString).toList();
        set(store, SESSION, new NewMark(mark, texts, true, null));
    }

    private static void set(RedisStore store, String session, NewMark mark) {
        MarkRoom.Kept room = (MarkRoom.Kept) store.sessionMemory().reserve(claim(session, Map.of()));
        store.sessionMemory().change(session, room, new SessionChange(Set.of(), 0, List.of(mark), true));
    }

    NewTicket ticket(String binding) {
        return new NewTicket(
                "t" + ids.incrementAndGet(),
                binding,
                "holder",
                Requests.pay("bob", Map.of("amount", 7)),
                10,
                Duration.ofMinutes(5));
    }
}
