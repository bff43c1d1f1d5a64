package dev.interlock.policy.redis;

import dev.interlock.policy.Mark;
import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecords;
import io.lettuce.core.KeyScanCursor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Shows which sessions have marks in Redis. A listing walks through all keys, as one of {@link RedisLimitRecords}. */
final class RedisSessionRecords implements SessionRecords {

    private static final double IDLE_MICROS = Mark.IDLE.toNanos() / 1e3;
    private static final byte[] READ = RedisConnection.ascii("read");

    private final RedisAccess access;
    private final KeyNames names;
    private final double toleranceMillis;

    RedisSessionRecords(RedisAccess access, KeyNames names, Duration clockTolerance) {
        this.access = access;
        this.names = names;
        this.toleranceMillis = clockTolerance.toMillis();
    }

    @Override
    public List<SessionRecord> list(@Nullable String after, int most) {
        TreeMap<String, SessionRecord> found = new TreeMap<>();
        byte[] pattern = names.pattern("marks[:#]*");
        KeyScanCursor<byte[]> page = null;
        do {
            page = access.scan(page, pattern);
            List<byte[]> keys = page.getKeys();
            List<CompletableFuture<byte[]>> answers = new ArrayList<>(keys.size());
            for (byte[] key : keys) {
                byte[] head = SlotRequest.doubles(IDLE_MICROS, toleranceMillis);
                answers.add(access.ask(Script.SESSION_LOOK, new byte[][] {key}, new byte[][] {
                    RedisConnection.ascii(access.serverTime()), head, READ
                }));
            }
            for (int i = 0; i < keys.size(); i++) {
                byte[] answer = RedisAccess.await(answers.get(i));
                SessionRecord seen = answer.length == 0 ? null : new SessionInRedis(answer).seen();
                if (seen != null && isAfter(after, seen) && isOurs(seen.session(), keys.get(i))) {
                    found.put(seen.session(), seen);
                    if (found.size() > most) {
                        found.pollLastEntry();
                    }
                }
            }
        } while (!page.isFinished());
        return List.copyOf(found.values());
    }

    private static boolean isAfter(@Nullable String after, SessionRecord seen) {
        return after == null || seen.session().compareTo(after) > 0;
    }

    /** Another prefix may begin like this one and a session. */
    private boolean isOurs(String session, byte[] key) {
        return Arrays.equals(names.session(names.sessionTag(session), session), key);
    }

    @Override
    public boolean clear(String session) {
        String tag = names.sessionTag(session);
        byte[] answer = RedisAccess.await(access.ask(
                Script.SESSION_CLEAR,
                new byte[][] {names.session(tag, session), names.plain(tag, "done:" + UUID.randomUUID())},
                new byte[][] {
                    RedisConnection.ascii(access.serverTime()),
                    SlotRequest.doubles(IDLE_MICROS, toleranceMillis, (double) RedisAccess.REMEMBERED.toMillis())
                }));
        return answer[0] == '1';
    }
}
