package dev.interlock.policy.cli.io;

import picocli.CommandLine.Option;

/** {@code --format}. */
public final class FormatOption {

    @Option(
            names = "--format",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "For people or for programs. Default: text.")
    private Format format = Format.TEXT;

    public boolean json() {
        return format == Format.JSON;
    }
}
