package dev.interlock.policy.mcp;

import dev.interlock.policy.doubles.BreakingServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;

/** A {@link BreakingServer} over streamable HTTP that may also give the client reason to send the call again. */
final class StreamableBreakingServer extends BreakingServer {

    /** How it ends a call that it has run. */
    enum Ending {
        /** As if the client's token had run out. */
        UNAUTHORIZED("HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\n"),
        /** To a port on which no server listens. */
        REDIRECT("HTTP/1.1 307 Temporary Redirect\r\nlocation: /mcp\r\n"),
        UNAVAILABLE("HTTP/1.1 503 Service Unavailable\r\n"),
        /** By breaking the connection. */
        RESET("");

        private final String head;

        Ending(String head) {
            this.head = head;
        }
    }

    private final Ending ending;

    StreamableBreakingServer(Ending ending) throws IOException {
        super("2025-06-18");
        this.ending = ending;
        listen();
    }

    @Override
    protected void answer(String head, String body, OutputStream out) throws IOException {
        if (!head.startsWith("POST")) {
            write(out, "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n");
            return;
        }
        String json = response(body);
        if (json == null) {
            write(out, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
            return;
        }
        write(
                out,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + json.length() + "\r\n\r\n"
                        + json);
    }

    @Override
    protected void end(Socket connection, OutputStream out) throws IOException {
        closeOthers(connection);
        if (ending == Ending.RESET) {
            reset(connection);
        } else {
            write(out, ending.head + "connection: close\r\ncontent-length: 0\r\n\r\n");
        }
    }
}
