package dev.interlock.policy.benchmarks;

import org.casbin.jcasbin.main.Enforcer;
import org.casbin.jcasbin.model.Model;

/** Forty tools that a role may call, in jCasbin's role-based model. */
final class CasbinRule {

    private static final String MODEL = """
            [request_definition]
            r = sub, obj, act

            [policy_definition]
            p = sub, obj, act

            [role_definition]
            g = _, _

            [policy_effect]
            e = some(where (p.eft == allow))

            [matchers]
            m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
            """;

    private final Enforcer enforcer;

    CasbinRule() {
        Model model = new Model();
        model.loadModelFromText(MODEL);
        enforcer = new Enforcer(model);
        enforcer.enableLog(false);
        for (int i = 0; i < 39; i++) {
            enforcer.addPolicy("agent", "other_tool_" + i, "call");
        }
        enforcer.addPolicy("agent", Refunds.TOOL, "call");
        enforcer.addGroupingPolicy("alice", "agent");
    }

    boolean allows(String identity, String tool) {
        return enforcer.enforce(identity, tool, "call");
    }
}
