package dev.interlock.policy.cli.io;

import dev.interlock.policy.testing.ToolList;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --tools}. */
public final class ToolsOption {

    @Option(
            names = "--tools",
            paramLabel = "FILE",
            description = "The tools that the server announces, as tools/list answers, in JSON. A tool may have a"
                    + " category and a risk.")
    private @Nullable String file;

    /**
     * Returns the tools in the file, or none.
     *
     * @throws CliException if it can't be read
     */
    public ToolList read() {
        return file == null ? ToolList.NONE : InputFile.read(file).toolList();
    }
}
