package dev.interlock.policy.cli.approvals;

import dev.interlock.policy.cli.io.CliException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import jdk.net.ExtendedSocketOptions;

/** Exchanges one line each way over a socket on this machine. */
final class ApprovalWire {

    private static final int LONGEST = 256 << 20;

    private ApprovalWire() {}

    /**
     * Returns the answer of the desk at a socket. Empty if no process listens there any more; the socket is then
     * removed.
     */
    static Optional<String> ask(Path socket, String request) {
        try (SocketChannel desk = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            write(desk, request);
            return Optional.of(read(desk));
        } catch (ConnectException e) {
            return forget(socket);
        } catch (IOException e) {
            throw new CliException("the proxy at " + socket + " can't be asked: " + e.getMessage());
        }
    }

    private static Optional<String> forget(Path socket) {
        try {
            Files.deleteIfExists(socket);
            return Optional.empty();
        } catch (IOException e) {
            throw new CliException(socket + " was left behind and can't be removed: " + e.getMessage());
        }
    }

    /** The operating system's name for the user at the other end. */
    static String user(SocketChannel channel) throws IOException {
        try {
            return channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
        } catch (UnsupportedOperationException e) {
            // Only this user can enter the directory of the socket.
            return System.getProperty("user.name");
        }
    }

    static void write(SocketChannel channel, String line) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    static String read(SocketChannel channel) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        while (channel.read(buffer) >= 0) {
            byte[] bytes = buffer.array();
            int length = buffer.position();
            if (length > 0 && bytes[length - 1] == '\n') {
                line.write(bytes, 0, length - 1);
                return line.toString(StandardCharsets.UTF_8);
            }
            line.write(bytes, 0, length);
            if (line.size() > LONGEST) {
                throw new IOException("the line is too long");
            }
            buffer.clear();
        }
        throw new EOFException("the line was not ended");
    }
}
