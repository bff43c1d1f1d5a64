package dev.interlock.policy.benchmarks;

import dev.cel.common.CelValidationException;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.HashMap;
import java.util.Map;

/** The rule of {@link Refunds} in CEL: a program for each tool, compiled beforehand. */
final class CelRule {

    private static final String RULE =
            "args.amount <= 100 && args.currency in ['EUR', 'USD', 'GBP'] && args.customer.tier == 'gold'";

    private final Map<String, CelRuntime.Program> programs = new HashMap<>();

    CelRule() {
        CelCompiler compiler = CelCompilerFactory.standardCelCompilerBuilder()
                .addVar("args", MapType.create(SimpleType.STRING, SimpleType.DYN))
                .build();
        CelRuntime runtime = CelRuntimeFactory.plannerRuntimeBuilder().build();
        try {
            programs.put(
                    Refunds.TOOL, runtime.createProgram(compiler.compile(RULE).getAst()));
        } catch (CelValidationException | CelEvaluationException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean allows(String tool, Map<String, Object> arguments) throws CelEvaluationException {
        CelRuntime.Program program = programs.get(tool);
        return program != null && (boolean) program.eval(Map.of("args", arguments));
    }
}
