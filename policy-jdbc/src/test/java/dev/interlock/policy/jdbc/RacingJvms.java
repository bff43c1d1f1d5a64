package dev.interlock.policy.jdbc;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Several JVMs, each a {@link StoreRacer}, that get their tasks at the same moment. */
final class RacingJvms implements AutoCloseable {

    private final List<Racer> racers = new ArrayList<>();

    private record Racer(Process process, Writer tasks, BufferedReader answers) {

        static Racer start(String name) throws IOException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx96m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            StoreRacer.class.getName(),
                            name)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            return new Racer(process, process.outputWriter(StandardCharsets.UTF_8), reader(process));
        }

        private static BufferedReader reader(Process process) {
            return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        }

        String answer() throws IOException {
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                if (line.startsWith("answer ")) {
                    return line.substring("answer ".length());
                }
            }
            throw new IOException("a process has ended without an answer");
        }
    }

    private RacingJvms() {}

    /** Starts so many, and waits until all are ready. */
    static RacingJvms start(int count) {
        RacingJvms all = new RacingJvms();
        try {
            for (int i = 0; i < count; i++) {
                all.racers.add(Racer.start("p" + i));
            }
            for (Racer racer : all.racers) {
                racer.answer();
            }
            return all;
        } catch (IOException e) {
            all.close();
            throw new UncheckedIOException(e);
        }
    }

    int count() {
        return racers.size();
    }

    /** Lets all of them do the same, and returns their answers. */
    List<Long> run(String task, String url, int number) {
        try {
            for (Racer racer : racers) {
                racer.tasks.write(task + " " + url + " " + number + "\n");
                racer.tasks.flush();
            }
            List<Long> answers = new ArrayList<>();
            for (Racer racer : racers) {
                answers.add(Long.parseLong(racer.answer()));
            }
            return answers;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        racers.forEach(racer -> racer.process.destroyForcibly());
    }
}
