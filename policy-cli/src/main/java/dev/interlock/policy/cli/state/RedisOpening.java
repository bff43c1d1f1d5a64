package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.redis.RedisStore;
import java.util.concurrent.CompletionException;

/** Opens a Redis. Apart from the options, so that commands that need none don't load its client. */
final class RedisOpening {

    private RedisOpening() {}

    static OpenState open(String uri, StoreOpening opening) {
        RedisStore store;
        try {
            RedisStore.Builder builder = RedisStore.server(uri).listener(opening.listener());
            if (opening.prefix() != null) {
                builder.prefix(opening.prefix());
            }
            if (opening.down() != null) {
                builder.onFailure(opening.down());
            }
            if (opening.timeout() != null) {
                builder.timeout(opening.timeout());
            }
            store = builder.build();
        } catch (IllegalArgumentException e) {
            throw new CliException(opening.source() + ": " + e.getMessage());
        }
        try {
            store.connect().toCompletableFuture().join();
            askOnce(store);
        } catch (CompletionException e) {
            opening.notYet(e.getCause());
        }
        return new OpenState(store, true, store::close);
    }

    /**
     * Asks a first question, which may take longer than a call waits. The engine asks once as it starts, and would
     * suspend all calls for a second.
     */
    private static void askOnce(RedisStore store) {
        try {
            store.suspensionStore().read();
        } catch (UnavailableException e) {
            // The engine's own question decides.
        }
    }
}
