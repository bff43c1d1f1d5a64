package dev.interlock.policy;

import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.Value;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A digest of what a policy says: SHA-256 of its canonical form. Equal policies have equal digests, and different
 * policies have different digests. Lines, columns, comments and layout don't affect the digest. The order of entries
 * does, because it decides between them.
 *
 * <p>The canonical form is a walk over the model, not the policy's text: a policy that was built in code need not have
 * such a text, and the walk omits nothing that equality considers. The walk takes the components of each record from
 * the record itself, so a new part of the model is in the digest automatically. Every part is written with its type or
 * its length, so that no two models have the same form. The form uses the names of the model. If a release changes
 * those names, the digests of all policies change with it, once.
 */
final class PolicyDigest {

    private final StringBuilder form = new StringBuilder();

    private PolicyDigest() {}

    /** Returns the digest of a policy: 64 hexadecimal digits. */
    static String of(Policy policy) {
        PolicyDigest walk = new PolicyDigest();
        walk.visit(policy);
        try {
            // UTF-16, because it can represent an unpaired surrogate.
            byte[] bytes = walk.form.toString().getBytes(StandardCharsets.UTF_16BE);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private void visit(@Nullable Object part) {
        if (part == null) {
            form.append('-');
        } else if (part instanceof Place place) {
            text(place.path());
        } else if (part instanceof Operand operand) {
            visit(operand.from() == null ? operand.value() : operand.from());
            if (operand.predicate() != null) {
                text(operand.predicate());
            }
        } else if (part instanceof TimeWindow window) {
            visit(window.value());
        } else if (part instanceof Value value) {
            text(CanonicalJson.of(value));
        } else if (part instanceof Record record) {
            components(record);
        } else if (part instanceof Map<?, ?> map) {
            form.append("map").append(map.size()).append('[');
            map.forEach((key, value) -> {
                visit(key);
                visit(value);
            });
        } else if (part instanceof List<?> list) {
            form.append("list").append(list.size()).append('[');
            list.forEach(this::visit);
        } else if (part instanceof Optional<?> optional) {
            visit(optional.orElse(null));
        } else if (part instanceof OptionalInt optional) {
            visit(optional.isPresent() ? optional.getAsInt() : null);
        } else if (part instanceof String text) {
            text(text);
        } else if (part instanceof Enum<?> constant) {
            text(constant.name());
        } else if (part instanceof ZoneId zone) {
            text(zone.getId());
        } else if (part instanceof Number || part instanceof Boolean || part instanceof Duration) {
            text(part.toString());
        } else {
            throw new IllegalStateException("a policy has a part that no digest was thought out for: "
                    + part.getClass().getName());
        }
    }

    private void components(Record record) {
        RecordComponent[] components = record.getClass().getRecordComponents();
        form.append(record.getClass().getSimpleName()).append('{');
        for (RecordComponent component : components) {
            form.append(component.getName()).append('=');
            try {
                visit(component.getAccessor().invoke(record));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("the parts of a policy are readable to its owner", e);
            }
        }
        form.append('}');
    }

    private void text(String text) {
        form.append(text.length()).append(':').append(text);
    }
}
