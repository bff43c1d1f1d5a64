package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.ObjectValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has to be known of an admitted call so that it can go on, perhaps in another process: {@link PolicyEngine#carry}
 * and {@link PolicyEngine#resume}. It says what a policy would otherwise decide, so it must be kept from whoever could
 * change it. It contains a caller's name and, if persons took part, values of the call's context.
 *
 * @param recordId the id under which the call is on record; empty if it isn't
 * @param charged what was reserved for the call in counts that conditions may read
 * @param agreed the rules to which persons have said yes
 * @param context the part of the call's context that the policy read, if persons have agreed; otherwise empty
 * @param instead the arguments to send, if persons have agreed to other arguments than those that were asked about;
 *     otherwise null
 */
public record CarriedAdmission(
        String recordId,
        List<Charged> charged,
        List<AskingRule> agreed,
        ObjectValue context,
        @Nullable Arguments instead) {

    /** Copies the lists. */
    public CarriedAdmission {
        charged = List.copyOf(charged);
        agreed = List.copyOf(agreed);
    }

    /**
     * An amount that was reserved for a call.
     *
     * @param key what it was reserved of
     * @param amount how much
     */
    public record Charged(LimitKey key, Amount amount) {

        /** Names the limit; omits the amount, which may be an argument. */
        @Override
        public String toString() {
            return "charge of " + key.limit();
        }
    }

    /** Reveals nothing of the call. */
    @Override
    public String toString() {
        return "an admission";
    }
}
