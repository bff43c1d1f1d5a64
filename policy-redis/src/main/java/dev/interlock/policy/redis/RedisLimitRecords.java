package dev.interlock.policy.redis;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRecords;
import io.lettuce.core.KeyScanCursor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Shows what is counted in Redis. A listing walks through all keys of the server with {@code SCAN}, which holds up the
 * calls of others for no longer than any other command.
 */
final class RedisLimitRecords implements LimitRecords {

    /** In no UTF-8: the rest of such a name belongs to a cell. */
    private static final byte PART = (byte) 255;

    private final RedisAccess access;
    private final KeyNames names;

    RedisLimitRecords(RedisAccess access, KeyNames names) {
        this.access = access;
        this.names = names;
    }

    @Override
    public List<LimitRecord> list(@Nullable LimitKey after, int most) {
        TreeMap<LimitKey, LimitRecord> found = new TreeMap<>();
        byte[] pattern = names.pattern("[khpq]:*");
        KeyScanCursor<byte[]> page = null;
        do {
            page = access.scan(page, pattern);
            List<byte[]> cells =
                    page.getKeys().stream().filter(cell -> !isPart(cell)).toList();
            List<CompletableFuture<byte[]>> answers = new ArrayList<>(cells.size());
            for (byte[] cell : cells) {
                answers.add(access.ask(
                        Script.SHOW, new byte[][] {cell}, new byte[][] {RedisConnection.ascii(access.serverTime())}));
            }
            for (int i = 0; i < cells.size(); i++) {
                byte[] answer = RedisAccess.await(answers.get(i));
                LimitRecord limit = answer.length == 0 ? null : LimitInRedis.read(cells.get(i), answer);
                if (limit != null && isAfter(after, limit.key()) && isOurs(limit.key(), cells.get(i))) {
                    found.put(limit.key(), limit);
                    if (found.size() > most) {
                        found.pollLastEntry();
                    }
                }
            }
        } while (!page.isFinished());
        return List.copyOf(found.values());
    }

    private static boolean isAfter(@Nullable LimitKey after, LimitKey key) {
        return after == null || key.compareTo(after) > 0;
    }

    private static boolean isPart(byte[] name) {
        for (byte b : name) {
            if (b == PART) {
                return true;
            }
        }
        return false;
    }

    /** Another prefix may begin like this one and a subject. */
    private boolean isOurs(LimitKey key, byte[] cell) {
        return Arrays.equals(names.cell(names.tag(key), key), cell);
    }

    @Override
    public boolean reset(LimitKey key) {
        String tag = names.tag(key);
        byte[] answer = RedisAccess.await(access.ask(
                Script.RESET,
                new byte[][] {names.cell(tag, key), names.plain(tag, "done:" + UUID.randomUUID())},
                new byte[][] {
                    RedisConnection.ascii(access.serverTime()),
                    RedisConnection.ascii(Long.toString(RedisAccess.REMEMBERED.toMillis()))
                }));
        return answer[0] == '1';
    }
}
