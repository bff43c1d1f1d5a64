package dev.interlock.policy.benchmarks;

import com.cedarpolicy.BasicAuthorizationEngine;
import com.cedarpolicy.model.AuthorizationRequest;
import com.cedarpolicy.model.AuthorizationSuccessResponse;
import com.cedarpolicy.model.entity.Entity;
import com.cedarpolicy.model.exception.AuthException;
import com.cedarpolicy.model.exception.InternalException;
import com.cedarpolicy.model.policy.PolicySet;
import com.cedarpolicy.value.CedarMap;
import com.cedarpolicy.value.EntityTypeName;
import com.cedarpolicy.value.EntityUID;
import com.cedarpolicy.value.PrimLong;
import com.cedarpolicy.value.PrimString;
import com.cedarpolicy.value.Value;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The rule of {@link Refunds} in Cedar. Requests are created beforehand, which favours Cedar. */
final class CedarRule {

    private static final String RULE = """
            permit(principal, action == Action::"create_refund", resource) when {
              context.amount <= 100 && ["EUR", "USD", "GBP"].contains(context.currency)
                && context.customer.tier == "gold"
            };
            """;

    private final BasicAuthorizationEngine engine = new BasicAuthorizationEngine();
    private final PolicySet policies;
    private final Set<Entity> entities = Set.of();

    CedarRule() {
        try {
            policies = PolicySet.parsePolicies(RULE);
        } catch (InternalException e) {
            throw new IllegalStateException(e);
        }
    }

    static AuthorizationRequest request(String tool, Map<String, Object> arguments) {
        CedarMap customer = new CedarMap();
        customer.put(
                "tier", new PrimString(text(((Map<?, ?>) arguments.getOrDefault("customer", Map.of())).get("tier"))));
        Map<String, Value> context = new HashMap<>();
        context.put("amount", new PrimLong(((Number) arguments.getOrDefault("amount", 0L)).longValue()));
        context.put("currency", new PrimString(text(arguments.get("currency"))));
        context.put("customer", customer);
        return new AuthorizationRequest(
                entity("User", "alice"), entity("Action", tool), entity("Server", "billing"), context);
    }

    private static String text(@org.jspecify.annotations.Nullable Object value) {
        return String.valueOf(value);
    }

    private static EntityUID entity(String type, String id) {
        return EntityTypeName.parse(type).orElseThrow().of(id);
    }

    boolean allows(AuthorizationRequest request) throws AuthException {
        return engine.isAuthorized(request, policies, entities)
                .success
                .map(AuthorizationSuccessResponse::isAllowed)
                .orElse(false);
    }
}
