package dev.interlock.policy.cli.server;

import dev.interlock.policy.cli.io.CliException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The source of a server's tools: a command over stdio, a URL over streamable HTTP, or a saved list. */
final class ServerOptions {

    private static final int MOST_SECONDS = 3_600;

    @Option(names = "--url", paramLabel = "URL", description = "A server that is reached over streamable HTTP.")
    private @Nullable String url;

    @Mixin
    private HeaderOptions headers;

    @Option(
            names = "--tools",
            paramLabel = "FILE",
            description = "The server's tools, as tools/list answers, in JSON; - is the standard input.")
    private @Nullable String file;

    @Option(names = "--server", description = "Announces that the server's command follows after --. May be left out.")
    @SuppressWarnings("UnusedVariable") // The command follows --, whether this is given or not.
    private boolean server;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The name by which policies know the server (call.server). Default: none.")
    private @Nullable String name;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "How long the server may take for an answer. Default: 30.")
    private int seconds = 30;

    @Nullable
    String name() {
        return name;
    }

    /**
     * Returns the server's tools.
     *
     * @param command the server's command, as given after {@code --}
     * @throws CliException if the tools can't be read
     */
    OfferedTools read(List<String> command) {
        int sources = (command.isEmpty() ? 0 : 1) + (url == null ? 0 : 1) + (file == null ? 0 : 1);
        if (sources != 1) {
            throw new CliException("say where the tools come from, in one way: '-- COMMAND…' for a server on standard"
                    + " input and output, --url for one over HTTP, or --tools for a saved list");
        }
        if (seconds < 1 || seconds > MOST_SECONDS) {
            throw new CliException("--timeout must be between 1 and " + MOST_SECONDS + " seconds");
        }
        if (url == null && headers.areGiven()) {
            throw new CliException(HeaderOptions.NEED_URL);
        }
        Duration timeout = Duration.ofSeconds(seconds);
        if (file != null) {
            return OfferedTools.inFile(file);
        }
        return url != null
                ? ToolServer.at(ServerUrl.of(url), headers.read(), timeout)
                : ToolServer.started(command, timeout);
    }
}
