package dev.interlock.policy.cli.state;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Limit;
import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Spans;
import dev.interlock.policy.cli.state.PolicyLimits.NamedLimit;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.value.NumberValue;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is counted under one key, and how much the limit admits.
 *
 * @param record what is counted
 * @param max the maximum, by the policy if one is given, else as it was last counted by; null if that is not known, or
 *     if there is none
 * @param rule what a denial calls the limit; empty if that is not known
 * @param known whether the policy has the limit; true if no policy is given
 */
record CountedLimit(LimitRecord record, @Nullable Amount max, String rule, boolean known) {

    /** What is counted, held against a policy if there is one. */
    static CountedLimit of(LimitRecord record, @Nullable PolicyLimits policy) {
        if (policy == null) {
            return new CountedLimit(record, kept(record), "", true);
        }
        Optional<NamedLimit> found = policy.find(record.key());
        Amount max = found.map(NamedLimit::limit).map(Limit::max).orElse(null);
        return new CountedLimit(
                record,
                max == null ? kept(record) : max,
                found.map(NamedLimit::rule).orElse(""),
                found.isPresent());
    }

    /** The maximum that the store keeps. Where it keeps none, the record has the largest amount there is. */
    private static @Nullable Amount kept(LimitRecord record) {
        Amount max = record.rule().max();
        return Amount.MAX.equals(max) ? null : max;
    }

    String name() {
        return Printable.of(record.key().limit());
    }

    /** What a denial calls the limit. */
    String inDenials() {
        return Printable.of(rule);
    }

    String subject() {
        return Printable.of(record.key().subject());
    }

    String values() {
        return Printable.of(record.key().partition());
    }

    String used() {
        return record.used().toString();
    }

    String most() {
        return max == null ? "" : max.toString();
    }

    /** How much more there is room for; null if that is not known. */
    @Nullable
    Amount room() {
        return max == null
                ? null
                : new Amount(Math.max(0, max.micros() - record.used().micros()));
    }

    /** Over which time it counts: {@code day}, {@code 60 s}; empty for calls at the same time. */
    String window() {
        LimitRule rule = record.rule();
        if (rule instanceof LimitRule.FixedWindow fixed) {
            return fixed.window().text();
        } else if (rule instanceof LimitRule.SlidingWindow sliding) {
            return Spans.of(sliding.window());
        }
        return rule instanceof LimitRule.TokenBucket bucket ? Spans.of(bucket.window()) : "";
    }

    /** How long until nothing is counted any more; empty if that is not known. */
    String left() {
        Duration fresh = record.fresh();
        return fresh == null ? "" : Spans.of(fresh);
    }

    private String algorithm() {
        LimitRule rule = record.rule();
        if (rule instanceof LimitRule.FixedWindow) {
            return "fixed_window";
        } else if (rule instanceof LimitRule.SlidingWindow) {
            return "sliding_window";
        }
        return rule instanceof LimitRule.TokenBucket ? "token_bucket" : "concurrent";
    }

    /** For a program: amounts are numbers, times milliseconds; what is not known is left out. */
    Json json(String store) {
        Json json = new Json();
        if (!store.isEmpty()) {
            json.put("store", store);
        }
        json.put("limit", record.key().limit())
                .maybe("rule", rule.isEmpty() ? null : rule)
                .put("subject", record.key().subject())
                .put("values", record.key().partition())
                .put("used", number(record.used()));
        if (max != null) {
            json.put("max", number(max));
        }
        json.put("algorithm", algorithm()).maybe("window", window().isEmpty() ? null : window());
        if (record.fresh() != null) {
            json.put("freshInMs", record.fresh().toMillis());
        }
        return known ? json : json.put("inPolicy", false);
    }

    /** Without zeros at the end, as a person would write it. */
    private static NumberValue number(Amount amount) {
        return NumberValue.of(new BigDecimal(amount.toString()));
    }

    /** For people, over several lines. */
    String text() {
        StringBuilder out = new StringBuilder(name()).append('\n');
        line(out, "rule", inDenials());
        line(out, "subject", subject());
        line(out, "values", values());
        Amount room = room();
        line(
                out,
                "used",
                used()
                        + (max == null ? "" : " of " + most())
                        + (window().isEmpty() ? " at the same time" : ", " + algorithm() + " of " + window())
                        + (room == null ? "" : ", room for " + room));
        line(out, "empty in", left().isEmpty() ? "" : left() + " if nothing is added");
        line(out, "policy", known ? "" : "has no such limit (any more)");
        return out.toString();
    }

    private static void line(StringBuilder out, String name, String text) {
        if (!text.isEmpty()) {
            out.append("  ")
                    .append(name)
                    .append(" ".repeat(10 - name.length()))
                    .append(text)
                    .append('\n');
        }
    }
}
