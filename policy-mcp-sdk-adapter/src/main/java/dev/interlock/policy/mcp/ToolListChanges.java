package dev.interlock.policy.mcp;

import dev.interlock.policy.adapter.ListChanges;
import dev.interlock.policy.engine.PolicyEngine;
import io.modelcontextprotocol.spec.McpSchema.InitializeResult;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What the SDK's clients learn of {@link ListChanges}. */
final class ToolListChanges {

    private static final Logger log = LoggerFactory.getLogger(ToolListChanges.class);

    private ToolListChanges() {}

    /**
     * Tells one client of changes.
     *
     * @param sending sends the notification; may block
     */
    static ListChanges to(PolicyEngine engine, Supplier<Mono<Void>> sending) {
        return new ListChanges(
                engine,
                task -> Schedulers.boundedElastic().schedule(task),
                () -> Mono.defer(sending)
                        .doOnError(failure -> log.debug(
                                "A client could not be told that its list of tools has changed",
                                RedactedException.of(failure)))
                        .toFuture());
    }

    /**
     * Returns the answer to {@code initialize}, changed to announce that the list of tools may change, since it does
     * when the policy or the tool lock changes. Returns the same answer if it announces that already, if the server has
     * no tools, or if the policy lets no client receive the notification.
     */
    static @Nullable Object announced(ListChanges changes, @Nullable Object result) {
        if (result instanceof InitializeResult typed) {
            return announced(changes, typed);
        }
        if (changes.isAllowed()
                && result instanceof Map<?, ?> answer
                && answer.get("capabilities") instanceof Map<?, ?> capabilities
                && capabilities.get("tools") instanceof Map<?, ?> tools
                && !Boolean.TRUE.equals(tools.get("listChanged"))) {
            return with(answer, "capabilities", with(capabilities, "tools", with(tools, "listChanged", true)));
        }
        return result;
    }

    private static Map<Object, Object> with(Map<?, ?> map, String key, Object value) {
        Map<Object, Object> copy = new LinkedHashMap<>(map);
        copy.put(key, value);
        return copy;
    }

    /** Does the same for an answer that the SDK has made. */
    static InitializeResult announced(ListChanges changes, InitializeResult answer) {
        ServerCapabilities capabilities = answer.capabilities();
        if (!changes.isAllowed()
                || capabilities == null
                || capabilities.tools() == null
                || Boolean.TRUE.equals(capabilities.tools().listChanged())) {
            return answer;
        }
        return SdkRecords.with(answer, capabilities.mutate().tools(true).build());
    }
}
