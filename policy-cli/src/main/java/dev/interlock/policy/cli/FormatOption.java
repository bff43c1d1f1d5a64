package dev.interlock.policy.cli;

import picocli.CommandLine.Option;

/** {@code --format}. */
final class FormatOption {

    @Option(
            names = "--format",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "For people or for programs. Default: text.")
    private Format format = Format.TEXT;

    boolean json() {
        return format == Format.JSON;
    }
}
