package dev.interlock.policy.benchmarks;

import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rule of {@link Refunds} written by hand into a host: map lookups and ifs. */
final class HandWritten {

    private static final NumberValue MOST = NumberValue.of(100);
    private static final BigDecimal MOST_DECIMAL = BigDecimal.valueOf(100);

    private final Map<String, Boolean> tools = new HashMap<>();

    HandWritten() {
        for (int i = 0; i < 39; i++) {
            tools.put("other_tool_" + i, false);
        }
        tools.put(Refunds.TOOL, true);
    }

    /** Whether the tool is one of those that have a rule. */
    boolean knows(String tool) {
        return Boolean.TRUE.equals(tools.get(tool));
    }

    /** On frozen arguments. */
    boolean allows(String tool, ObjectValue arguments) {
        Boolean checked = tools.get(tool);
        if (checked == null) {
            return false;
        }
        if (!checked) {
            return true;
        }
        return arguments.get("amount") instanceof NumberValue amount
                && amount.compareTo(MOST) <= 0
                && arguments.get("currency") instanceof Value.Text currency
                && isCurrency(currency.value())
                && arguments.get("customer") instanceof ObjectValue customer
                && customer.get("tier") instanceof Value.Text tier
                && tier.value().equals("gold");
    }

    /** On plain maps. */
    boolean allows(String tool, Map<String, Object> arguments) {
        Boolean checked = tools.get(tool);
        if (checked == null) {
            return false;
        }
        if (!checked) {
            return true;
        }
        return isSmall(arguments.get("amount"))
                && arguments.get("currency") instanceof String currency
                && isCurrency(currency)
                && arguments.get("customer") instanceof Map<?, ?> customer
                && "gold".equals(customer.get("tier"));
    }

    private static boolean isSmall(@Nullable Object amount) {
        if (amount instanceof Integer || amount instanceof Long) {
            return ((Number) amount).longValue() <= 100;
        }
        return amount instanceof Number && new BigDecimal(amount.toString()).compareTo(MOST_DECIMAL) <= 0;
    }

    private static boolean isCurrency(String text) {
        return text.equals("EUR") || text.equals("USD") || text.equals("GBP");
    }
}
