package dev.interlock.policy.redis;

import dev.interlock.policy.state.Suspension;
import dev.interlock.policy.state.SuspensionStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Keeps in Redis whether calls are suspended, as {@link RedisStore} says. Thread-safe. */
final class RedisSuspensionStore implements SuspensionStore {

    private final RedisAccess access;
    private final KeyNames names;
    private final byte[] key;

    RedisSuspensionStore(RedisAccess access, KeyNames names) {
        this.access = access;
        this.names = names;
        this.key = names.plain(names.commonTag(), "suspension");
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public @Nullable Suspension read() {
        return suspension(RedisAccess.await(answer("read", false, List.of())));
    }

    @Override
    public CompletionStage<@Nullable Suspension> readAsync() {
        CompletableFuture<@Nullable Suspension> read =
                answer("read", false, List.of()).thenApply(RedisSuspensionStore::suspension);
        return access.handedOver(read);
    }

    @Override
    public void suspend(Suspension suspension) {
        List<byte[]> what = new ArrayList<>();
        what.add(PackedTexts.bytes(suspension.reason()));
        what.add(RedisConnection.ascii(suspension.since().toString()));
        if (suspension.by() != null) {
            what.add(PackedTexts.bytes(suspension.by()));
        }
        RedisAccess.await(answer("suspend", true, what));
    }

    @Override
    public @Nullable Suspension resume() {
        return suspension(RedisAccess.await(answer("resume", true, List.of())));
    }

    private CompletableFuture<byte[]> answer(String command, boolean changes, List<byte[]> what) {
        // What is sent twice is done once: another person may have decided otherwise in between.
        byte[][] keys = changes
                ? new byte[][] {key, names.plain(names.commonTag(), "done:" + UUID.randomUUID())}
                : new byte[][] {key};
        List<byte[]> arguments = new ArrayList<>();
        arguments.add(RedisConnection.ascii(command));
        arguments.add(RedisConnection.ascii(Long.toString(RedisAccess.REMEMBERED.toMillis())));
        arguments.addAll(what);
        return access.ask(Script.SUSPENSION, keys, arguments.toArray(byte[][]::new));
    }

    private static @Nullable Suspension suspension(byte[] answer) {
        if (answer.length == 0) {
            return null;
        }
        PackedTexts fields = new PackedTexts(answer);
        String reason = fields.text();
        Instant since = Instant.parse(fields.text());
        return new Suspension(reason, fields.next(), since);
    }
}
