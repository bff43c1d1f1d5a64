package dev.interlock.policy.cli.policy;

import dev.interlock.policy.cli.io.Json;
import dev.interlock.policy.yaml.Diagnostic;

/** Formats diagnostics for programs. */
final class Diagnostics {

    private Diagnostics() {}

    static Json json(Diagnostic diagnostic) {
        return new Json()
                .put("severity", diagnostic.severity().text())
                .put("code", diagnostic.code())
                .put("message", diagnostic.message())
                .put("hint", diagnostic.hint())
                .put("line", diagnostic.line())
                .put("column", diagnostic.column())
                .put("path", diagnostic.path());
    }
}
