package dev.interlock.policy.cli.proxy;

import dev.interlock.policy.cli.Interlock;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A proxy that runs in front of a server that keeps a tally of the calls that have reached it. */
public final class RunningProxy implements AutoCloseable {

    private final Process process;
    private final OutputStream in;
    private final BufferedReader out;

    private RunningProxy(Process process) {
        this.process = process;
        this.in = process.getOutputStream();
        this.out = process.inputReader(StandardCharsets.UTF_8);
    }

    /** A server that notes each call in a file, by one byte, before it answers it. */
    public static final class TallyServer {

        /** Answers until its input ends. */
        public static void main(String... args) throws IOException {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            OutputStream answers = new FileOutputStream(FileDescriptor.out);
            try (OutputStream tally =
                    Files.newOutputStream(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    int id = line.indexOf("\"id\":");
                    if (id >= 0) {
                        tally.write('.');
                        String number = line.substring(id + 5).replaceFirst("[^0-9].*", "");
                        answers.write(Interlock.utf8("{\"jsonrpc\":\"2.0\",\"id\":" + number
                                + ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"served\"}]}}\n"));
                    }
                }
            } catch (IOException e) {
                // The proxy that reads the answers was killed.
            }
        }
    }

    /**
     * Starts a proxy.
     *
     * @param tally the file with the server's tally
     * @param options the proxy's options
     */
    public static RunningProxy start(Interlock interlock, String policy, Path tally, String... options)
            throws IOException {
        List<String> args = new ArrayList<>(List.of("proxy", policy));
        args.addAll(List.of(options));
        args.add("--");
        args.addAll(Interlock.java());
        args.add(TallyServer.class.getName());
        args.add(tally.toAbsolutePath().toString());
        return new RunningProxy(interlock
                .builder(args.toArray(String[]::new))
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        tally.resolveSibling("proxy.err").toFile()))
                .start());
    }

    /** How many calls have reached the server. */
    static long tallied(Path tally) throws IOException {
        return Files.exists(tally) ? Files.size(tally) : 0;
    }

    public static String call(int id, String tool, int amount) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\",\"arguments\":{\"amount\":" + amount + "}}}\n";
    }

    public void send(String lines) throws IOException {
        in.write(Interlock.utf8(lines));
        in.flush();
    }

    public String answer() throws IOException {
        return String.valueOf(out.readLine());
    }

    /** Makes a call and waits for its answer. */
    String pay(int id) throws IOException {
        send(call(id, "pay", 5));
        return answer();
    }

    public static boolean served(String answer) {
        return answer.contains("\"served\"");
    }

    /** SIGKILL. Returns when the server has read all that the proxy had written by then, and has ended. */
    void kill() throws Exception {
        List<ProcessHandle> servers = process.descendants().toList();
        process.destroyForcibly();
        process.onExit().get(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS);
        for (ProcessHandle server : servers) {
            server.onExit().get(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** Ends it as a host does: its input ends. */
    @Override
    public void close() throws IOException {
        if (!process.isAlive()) {
            return;
        }
        in.close();
        try {
            process.onExit().get(Interlock.PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the proxy does not end", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
