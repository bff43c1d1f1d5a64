package dev.interlock.policy.adapter;

import dev.interlock.policy.approval.ApprovalAnswer;
import dev.interlock.policy.approval.ApprovalHandler;
import dev.interlock.policy.approval.ApprovalRequest;
import dev.interlock.policy.approval.ApprovalText;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.engine.AdmitOptions;
import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Asks about one call through the client that makes it: the call is answered with the question and a {@linkplain
 * SealedStates sealed state}, and made again with the state and the answer. Nothing waits, and nothing is kept.
 *
 * <p>An answer counts if all of this holds; otherwise the question is asked anew.
 *
 * <ul>
 *   <li>The call is the same, as {@link SealedStates} compares it, and the state is good, and used for the first time.
 *   <li>The question is the same: the rules that ask, the arguments, the other parameters, the context that the policy
 *       reads, and the policy.
 * </ul>
 *
 * <p>A state that holds a yes holds it for this one use: if the call is then denied, a person is asked again. For one
 * call only, of which one thread at a time decides.
 */
public final class SealedApprovals implements ApprovalHandler {

    /** The name of the input that the client is asked for. */
    public static final String INPUT = "dev.interlock/approval";

    private final SealedStates states;
    private final Client client;
    private final List<SealedContent.Agreed> agreed = new ArrayList<>();
    private volatile @Nullable OpenedCall call;
    private volatile @Nullable Question question;

    /** The client that makes the call. */
    public interface Client {

        /**
         * Returns why the client can't ask a person, as a clause without a full stop that quotes no argument; null if
         * it can.
         */
        @Nullable
        String obstacle();

        /** Returns what a person has answered. Never throws: what can't be read counts as no answer. */
        ApprovalAnswer read(Value answer);
    }

    /**
     * A question to put to the client.
     *
     * @param ticket the ticket that the answer will be given to
     * @param text what a person must be shown
     * @param state what the client must bring back
     */
    public record Question(String ticket, String text, String state) {

        /** Reveals nothing of the call. */
        @Override
        public String toString() {
            return "a question";
        }
    }

    /** Creates a handler for one call of this client. */
    public SealedApprovals(SealedStates states, Client client) {
        this.states = states;
        this.client = client;
    }

    /**
     * Has the call decided, with its state and this handler. To be called once.
     *
     * @param made the call as it came, with all its parameters and what is known of its caller
     * @return as {@link SealedStates#admit}
     */
    public CompletableFuture<GuardedCall> admit(CallGuard guard, ToolCall made, AdmitOptions options) {
        OpenedCall opened = states.open(made);
        call = opened;
        return guard.admit(opened, options.askingFirst(this));
    }

    /**
     * Returns the question that must be put to the client.
     *
     * @param answer the answer that decided the call; null if there was none
     * @return null if that was not {@linkplain ApprovalAnswer.Pending a ticket} from here
     */
    public @Nullable Question question(@Nullable ApprovalAnswer answer) {
        Question asked = question;
        return asked != null
                        && answer instanceof ApprovalAnswer.Pending pending
                        && pending.ticket().equals(asked.ticket())
                ? asked
                : null;
    }

    /** The text shows all of them. */
    @Override
    public boolean asksForAllRules() {
        return true;
    }

    @Override
    public CompletionStage<ApprovalAnswer> ask(ApprovalRequest request) {
        OpenedCall opened = Objects.requireNonNull(call, "the call is not being decided");
        String about = digest(request);
        SealedContent.Asks before = opened.asks();
        return before == null
                ? CompletableFuture.completedFuture(put(request, opened, about))
                : opened.isFirst()
                        .thenApply(
                                first -> first ? answer(request, opened, about, before) : put(request, opened, about));
    }

    private ApprovalAnswer answer(ApprovalRequest request, OpenedCall opened, String about, SealedContent.Asks before) {
        for (SealedContent.Agreed yes : before.agreed()) {
            if (yes.question().equals(about)) {
                agreed.add(yes);
                return new ApprovalAnswer.Approved(yes.by().isEmpty() ? null : yes.by(), yes.instead(), opened.nonce());
            }
        }
        Value given = opened.answer(INPUT);
        if (given == null || !before.question().equals(about)) {
            return put(request, opened, about);
        }
        ApprovalAnswer answer = client.read(given);
        if (answer instanceof ApprovalAnswer.Approved yes) {
            agreed.add(new SealedContent.Agreed(about, yes.by() == null ? "" : yes.by(), yes.arguments()));
            return new ApprovalAnswer.Approved(yes.by(), yes.arguments(), opened.nonce());
        }
        return answer instanceof ApprovalAnswer.Refused no
                ? new ApprovalAnswer.Refused(no.by(), no.reason(), opened.nonce())
                : answer;
    }

    private ApprovalAnswer put(ApprovalRequest request, OpenedCall opened, String about) {
        String obstacle = client.obstacle();
        if (obstacle != null) {
            return new ApprovalAnswer.Unasked(obstacle);
        }
        String text = ApprovalText.readable(request);
        if (text == null) {
            return new ApprovalAnswer.Unasked("its arguments are too long for a person to read");
        }
        Duration patience =
                request.timeout().compareTo(SealedStates.LONGEST) < 0 ? request.timeout() : SealedStates.LONGEST;
        SealedContent.Asks asks = new SealedContent.Asks(about, List.copyOf(agreed));
        SealedStates.Sealed state = states.seal(opened.call(), patience, Set.of(INPUT), kept(opened.call()), asks);
        if (state == null) {
            return new ApprovalAnswer.Unasked("it is too large to be kept until a person answers");
        }
        question = new Question(state.nonce(), text, state.text());
        return new ApprovalAnswer.Pending(state.nonce(), patience);
    }

    /** What the server must get, and the client will not repeat. */
    private static ObjectValue kept(ToolCall opened) {
        Map<String, Value> kept = new LinkedHashMap<>();
        for (String name : List.of(Continuations.STATE, ToolCall.INPUT_RESPONSES)) {
            Value value = opened.parameters().get(name);
            if (value != null) {
                kept.put(name, value);
            }
        }
        return ObjectValue.of(kept);
    }

    /** The call is bound by the state, too. But a person may have changed its arguments since. */
    private String digest(ApprovalRequest request) {
        MessageDigest digest = Continuations.sha256();
        Continuations.add(digest, CanonicalJson.of(request.arguments().root()));
        Continuations.add(digest, CanonicalJson.of(request.parameters()));
        Continuations.add(digest, CanonicalJson.of(request.bound()));
        for (AskingRule rule : request.rules()) {
            Continuations.add(digest, rule.name());
            Continuations.add(digest, rule.place().path());
            Continuations.add(digest, rule.message());
            Continuations.add(digest, rule.timeout().toString());
        }
        Continuations.add(digest, request.policy().digest());
        return HexFormat.of().formatHex(digest.digest());
    }
}
