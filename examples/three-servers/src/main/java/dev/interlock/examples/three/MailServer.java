package dev.interlock.examples.three;

import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/** Sends: it writes each mail into a file, from which the host can tell what has left. */
final class MailServer {

    private MailServer() {}

    /** Takes the path of the file. */
    public static void main(String... args) {
        Path outbox = Path.of(args[0]);
        ToolServer.serve("mail", "send_mail", List.of("to", "text"), arguments -> send(outbox, arguments));
    }

    private static CallToolResult send(Path outbox, Map<String, Object> mail) {
        try {
            Files.writeString(
                    outbox,
                    "to " + mail.get("to") + ": " + mail.get("text") + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            return ToolServer.error("The mail can't be sent.");
        }
        return ToolServer.answer("Sent.");
    }
}
