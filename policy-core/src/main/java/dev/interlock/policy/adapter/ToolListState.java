package dev.interlock.policy.adapter;

import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.tool.AnnouncedTools;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when an adapter fetches a server's list of tools by itself: when the policy needs their definitions, and the
 * agent has not listed them yet or the server has reported a change. All calls that need the list while it is being
 * fetched wait for the same fetch. It is not fetched again within 30 seconds, unless it has changed: a caller of tools
 * that don't exist must not cause a fetch each time. A list that the agent asks for in the meantime counts as well.
 *
 * <p>Thread-safe.
 *
 * @param <F> a fetch that is under way or over
 */
public final class ToolListState<F> {

    /** A server that returns pages without end must not keep a call waiting forever. */
    private static final int MAX_PAGES = 100;

    private static final Duration PAUSE = Duration.ofSeconds(30);

    private final AnnouncedTools tools;
    private final TimeSource time;
    private final AtomicInteger changes;

    private @Nullable F latest;
    private int latestChanges;
    private long latestNanos;
    private Map<String, Object> latestMeta = Map.of();
    private volatile boolean latestFailed;

    /**
     * Creates the state of one connection, before any fetch.
     *
     * @param tools stores the tools
     * @param changes how often the server's tools have changed, for all who fetch them
     */
    public ToolListState(AnnouncedTools tools, TimeSource time, AtomicInteger changes) {
        this.tools = tools;
        this.time = time;
        this.changes = changes;
    }

    /** Returns the tools that were announced over this connection. */
    public AnnouncedTools tools() {
        return tools;
    }

    /** Returns whether the call can't be decided before the list is known, and the policy allows to list tools. */
    public boolean isNeeded(PolicyEngine engine, ToolCall call) {
        return engine.readsDefinitions()
                && call.problem() == null
                && tools.find(call.tool()) == null
                && engine.decideMethod("tools/list").allowed();
    }

    /**
     * Returns the latest fetch, or begins one if the latest is of no use any more.
     *
     * @param meta the {@code _meta} that servers of later protocols require with every request; if a fetch with another
     *     {@code _meta} has failed, one with this is tried all the same
     * @param begin begins a fetch; must not block
     */
    public synchronized F fetch(Map<String, Object> meta, Supplier<F> begin) {
        long now = time.monotonicNanos();
        int seen = changes.get();
        F fetch = latest;
        if (fetch == null
                || latestChanges != seen
                || now - latestNanos >= PAUSE.toNanos()
                || (latestFailed && !meta.equals(latestMeta))) {
            latestChanges = seen;
            latestNanos = now;
            latestMeta = meta;
            latestFailed = false;
            fetch = begin.get();
            latest = fetch;
        }
        return fetch;
    }

    /** Reports that the latest fetch has failed. Calls that need the list are denied then. */
    public void failed() {
        latestFailed = true;
    }

    /**
     * Checks that a list may have another page.
     *
     * @param pages how many pages were read
     * @throws IllegalStateException if these are too many
     */
    public static void requireFewer(int pages) {
        if (pages >= MAX_PAGES) {
            throw new IllegalStateException("the list has more than " + MAX_PAGES + " pages");
        }
    }
}
