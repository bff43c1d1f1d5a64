package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.audit.log.AuditLog;
import dev.interlock.policy.audit.log.Redaction;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.cli.proxy.RunningProxy;
import dev.interlock.policy.engine.PolicyEngine;
import dev.interlock.policy.time.TimeSource;
import dev.interlock.policy.yaml.PolicyYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The guide to the command shows what the command prints: each of its examples is run on the files that it shows. */
class CliDocsIT {

    private static final Pattern FILE = Pattern.compile("```\\w+ (\\S+)\n(.*?)```", Pattern.DOTALL);
    private static final Pattern RUN = Pattern.compile("```console\n\\$ interlock (.*?)\n(.*?)```", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

    @TempDir
    private Path directory;

    @TestFactory
    Stream<DynamicTest> eachExamplePrintsWhatTheGuideShows() throws IOException {
        String guide = Files.readString(Path.of("../docs/cli.md"));
        Interlock interlock = new Interlock(directory).merged();
        Matcher file = FILE.matcher(guide);
        while (file.find()) {
            interlock.file(file.group(1), file.group(2));
        }
        String policy = Files.readString(directory.resolve("policy.yaml"));
        interlock.file("stricter.yaml", policy.replace("value: 500", "value: 100"));
        writeLog(PolicyYaml.read(policy, "policy.yaml").orThrow());
        keepState(interlock);
        List<DynamicTest> tests = new ArrayList<>();
        Matcher run = RUN.matcher(guide);
        while (run.find()) {
            String line = run.group(1);
            String shown = run.group(2);
            if (!line.contains(">")) {
                tests.add(DynamicTest.dynamicTest(
                        line,
                        () -> assertThat(withoutHash(withoutMinutes(
                                        interlock.run(words(line)).out())))
                                .isEqualTo(shown)));
            }
        }
        assertThat(tests).hasSizeGreaterThan(4);
        return tests.stream();
    }

    /** The guide shortens hashes, which change with every detail of a log. */
    private static String withoutHash(String out) {
        return out.replaceAll("(?m)^head ([0-9]+):[0-9a-f]{64}$", "head $1:…");
    }

    /** The guide was written less than a minute after the calls that it speaks of. */
    private static String withoutMinutes(String out) {
        return out.replaceAll("23 h [0-9]+ min", "23 h 59 min");
    }

    /** What the proxy keeps that the guide speaks of. */
    private void keepState(Interlock interlock) throws IOException {
        String[] options = {"--identity", "support-bot", "--state", "state.db"};
        try (RunningProxy proxy = RunningProxy.start(interlock, "shop.yaml", directory.resolve("tally"), options)) {
            List<Boolean> served = new ArrayList<>();
            for (String tool : List.of("create_charge", "create_charge", "read_mail", "create_charge")) {
                proxy.send(RunningProxy.call(1, tool, 5));
                served.add(RunningProxy.served(proxy.answer()));
            }
            assertThat(served).containsExactly(true, true, true, false);
        }
    }

    /** The log that the guide speaks of, the same each time. */
    private void writeLog(Policy policy) throws IOException {
        AtomicInteger ids = new AtomicInteger();
        TimeSource time = StandingTime.INSTANCE;
        try (AuditLog log = AuditLog.at(directory.resolve("audit.jsonl"))
                .time(time)
                .argumentsKey(new byte[32])
                .arguments(Redaction.allBut())
                .open()) {
            PolicyEngine engine = PolicyEngine.builder(policy)
                    .time(time)
                    .ids(() -> "d" + ids.incrementAndGet())
                    .audit(log)
                    .build();
            for (int amount : new int[] {120, 700, 80}) {
                engine.admit(ToolCall.of("create_charge", Map.of("amount", amount))
                                .by("support-bot")
                                .in("s-1"))
                        .succeeded();
            }
            engine.admit(ToolCall.of("debug_dump", Map.of()).by("support-bot").in("s-1"));
        }
    }

    private static String[] words(String line) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            words.add(word.group(1) == null ? word.group(2) : word.group(1));
        }
        return words.toArray(String[]::new);
    }
}
