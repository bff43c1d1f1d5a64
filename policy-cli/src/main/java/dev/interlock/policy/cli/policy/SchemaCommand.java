package dev.interlock.policy.cli.policy;

import dev.interlock.policy.cli.io.FormatOption;
import dev.interlock.policy.cli.io.Version;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code interlock schema}. */
@Command(
        name = "schema",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Prints a JSON Schema of the policy format, for editors.",
            "It knows every key and kind of value; for what only a reader can tell, use interlock validate. It is the"
                    + " same with either --format.",
        },
        footer = {
            "",
            "Example:",
            "  interlock schema > policy.schema.json",
            "and, as the first line of a policy:",
            "  # yaml-language-server: $schema=policy.schema.json",
        })
public final class SchemaCommand implements Callable<Integer> {

    static final String RESOURCE = "policy.schema.json";

    /** Accepted because every command accepts it. */
    @Mixin
    @SuppressWarnings("UnusedVariable")
    private FormatOption format;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        spec.commandLine().getOut().print(text());
        spec.commandLine().getOut().flush();
        return ExitCode.OK;
    }

    public static String text() throws IOException {
        try (InputStream in = SchemaCommand.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException(RESOURCE + " is missing: the program was packed without its resources");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
