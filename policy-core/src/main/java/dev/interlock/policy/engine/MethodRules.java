package dev.interlock.policy.engine;

import dev.interlock.policy.Entry;
import dev.interlock.policy.EntrySelection;
import dev.interlock.policy.EntrySelection.KeyKind;
import dev.interlock.policy.EntrySelection.Selected;
import dev.interlock.policy.Mode;
import dev.interlock.policy.Place;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.text.NamePattern;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a policy for methods other than {@code tools/call}, ready to decide. Nothing is compiled for a single
 * request.
 */
final class MethodRules {

    private static final RuleRef RULE = CompiledPolicy.ref("(methods)", "");

    /** Decisions by name, including {@code tools/call}. */
    private final Map<String, Decision> exact = new HashMap<>();

    private final Map<String, String> bySkeleton = new HashMap<>();
    private final List<Glob> globs = new ArrayList<>();

    /** What requests of a method must satisfy, by the method's name. */
    private final Map<String, CompiledEntry> entries = new HashMap<>();

    private record Glob(
            NamePattern pattern,
            MethodNames.Shape shape,
            Decision decision,
            @Nullable CompiledEntry entry) {}

    /** The denial of all that a suspension denies; null if there is no suspension. */
    private final @Nullable Decision suspended;

    /**
     * @param suspended the denial of all that a suspension denies; null if there is no suspension
     */
    MethodRules(Policy policy, @Nullable Decision suspended) {
        this.suspended = suspended;
        policy.methods().forEach((pattern, posture) -> {
            Decision decision = posture == Posture.ALLOW ? Decision.ALLOWED : denied(pattern, policy.mode());
            CompiledEntry entry = entry(policy, pattern);
            if (!pattern.isExact()) {
                globs.add(new Glob(pattern, MethodNames.Shape.of(pattern), decision, entry));
            } else if (MethodNames.defect(pattern.text()) == null) {
                exact.put(pattern.text(), decision);
                if (entry != null) {
                    entries.put(pattern.text(), entry);
                }
                bySkeleton.put(MethodNames.skeleton(pattern.text()), pattern.text());
            }
        });
        exact.put(MethodNames.TOOLS_CALL, refused(Messages.TOOL_AS_METHOD));
    }

    private static @Nullable CompiledEntry entry(Policy policy, NamePattern pattern) {
        Entry entry = policy.methodEntries().get(pattern);
        if (entry == null) {
            return null;
        }
        KeyKind kind = pattern.isExact() ? KeyKind.TOOL : KeyKind.GLOB;
        CompiledBody body = new CompiledBody("methods.", new EntrySelection(PolicyBody.of(Posture.ALLOW)), null);
        return new CompiledEntry(body, new Selected(kind, pattern.text(), entry));
    }

    /** What a request that is allowed by its name must satisfy; null if the policy says nothing more about it. */
    @Nullable
    CompiledEntry entry(String method) {
        if (exact.containsKey(method)) {
            return entries.get(method);
        }
        Glob glob = glob(method);
        return glob == null ? null : glob.entry();
    }

    /** The entries of all methods. */
    List<CompiledEntry> entries() {
        List<CompiledEntry> all = new ArrayList<>(entries.values());
        for (Glob glob : globs) {
            if (glob.entry() != null) {
                all.add(glob.entry());
            }
        }
        return all;
    }

    private static Decision denied(NamePattern pattern, Mode mode) {
        RuleRef rule = new RuleRef("methods." + pattern, Place.of("methods." + pattern));
        Decision denied = Decision.denied(Code.METHOD, rule, Messages.method(pattern));
        return mode == Mode.AUDIT ? denied.auditedOnly() : denied;
    }

    /** A denial that no policy can lift, whatever its mode. */
    private static Decision refused(String message) {
        return Decision.denied(Code.METHOD, RULE, message);
    }

    /** The decision; null if the policy says nothing about the method. */
    @Nullable
    Decision decide(MethodCall request) {
        if (!request.embedded()) {
            return decide(request.method());
        }
        if (!EmbeddedRequests.METHODS.contains(request.method())) {
            return refused(Messages.EMBEDDED_UNKNOWN);
        }
        Decision decision = decide(request.method());
        return decision == null || decision.verdict() == Decision.Verdict.ALLOWED
                ? decision
                : decision.saying(Messages.embedded(request.method(), decision));
    }

    /** The same for a request or a notification that comes by itself. */
    @Nullable
    Decision decide(String method) {
        Decision decision = decideByRules(method);
        return suspended != null && (decision == null || decision.allowed()) && MethodNames.isSuspended(method)
                ? suspended
                : decision;
    }

    private @Nullable Decision decideByRules(String method) {
        Decision named = exact.get(method);
        if (named != null) {
            return named;
        }
        if (!MethodNames.isKnown(method)) {
            Decision disguised = disguised(method);
            if (disguised != null) {
                return disguised;
            }
        } else if (MethodNames.LIFECYCLE.contains(method)) {
            return null;
        }
        Glob glob = glob(method);
        return glob == null ? null : glob.decision();
    }

    /** The first glob that covers a method. */
    private @Nullable Glob glob(String method) {
        if (MethodNames.LIFECYCLE.contains(method)) {
            return null;
        }
        for (Glob glob : globs) {
            if (glob.pattern().matches(method)) {
                return glob;
            }
        }
        return null;
    }

    /**
     * The denial of a name that looks like a method of the specification or like one that the policy names, but differs
     * from it. Null if the name is not such a disguise.
     */
    private @Nullable Decision disguised(String method) {
        if (method.isBlank()) {
            return refused(Messages.NO_METHOD);
        }
        String defect = MethodNames.defect(method);
        if (defect != null) {
            return refused(MethodNames.isToolsCall(method) ? Messages.TOOL_AS_METHOD : Messages.methodName(defect));
        }
        String named = bySkeleton.get(MethodNames.skeleton(method));
        if (named != null) {
            return refused(Messages.methodName(MethodNames.lookAlike(named)));
        }
        for (Glob glob : globs) {
            if (!glob.pattern().matches(method) && glob.shape().looksLike(method) && !isCoveredLike(glob, method)) {
                return refused(Messages.methodName("looks like one of '" + glob.pattern() + "' but is not"));
            }
        }
        return null;
    }

    /** Whether another glob that differs from this one only in its spelling matches the method. */
    private boolean isCoveredLike(Glob other, String method) {
        return globs.stream()
                .anyMatch(glob -> glob.shape().skeleton().equals(other.shape().skeleton())
                        && glob.pattern().matches(method));
    }
}
