package dev.interlock.policy.cli.state;

import dev.interlock.policy.cli.io.CliException;
import dev.interlock.policy.cli.io.Printable;
import dev.interlock.policy.cli.io.Version;
import dev.interlock.policy.cli.state.StoresOption.Named;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.state.StateStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code interlock limits reset}. */
@Command(
        name = "reset",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Has limits count from the beginning again.",
            "Proxies and hosts that share the store go on from there at once.",
        },
        footer = {
            "",
            "Example:",
            "  interlock limits reset 'tools.pay#spend-day:budget@pay'",
            "  interlock limits reset budget --subject s-1 --audit resets.jsonl",
            "  interlock limits reset 'tools.pay*' --all --policy policy.yaml",
        })
final class LimitsResetCommand implements Callable<Integer> {

    /** How many a message names. */
    private static final int FEW = 10;

    /** How many can be reset at once: they are all found before the first is reset. */
    private static final int MOST = 100_000;

    @Parameters(
            paramLabel = "PATTERN",
            description = "The limit's name as a listing shows it, a part of it, or with * the whole name.")
    private String pattern = "";

    @Option(names = "--all", description = "Reset all that is found, even if it is more than one count.")
    private boolean all;

    @Mixin
    private LimitsOptions which;

    @Mixin
    private StoresOption stores;

    @Mixin
    private ChangeOptions change;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        Map<Named, List<LimitKey>> found = new LinkedHashMap<>();
        for (Named named : stores.stores()) {
            PolicyLimits policy = stores.limits(named);
            found.put(named, stores.with(named, store -> matches(store, policy)));
        }
        LimitName name = new LimitName(pattern);
        if (found.values().stream().flatMap(List::stream).anyMatch(name::isExactly)) {
            found.replaceAll(
                    (named, keys) -> keys.stream().filter(name::isExactly).toList());
        }
        List<LimitKey> keys = found.values().stream().flatMap(List::stream).toList();
        if (keys.isEmpty()) {
            throw new CliException(
                    "nothing is counted under '" + Printable.of(pattern) + "'. See: interlock limits list");
        } else if (keys.size() > 1 && !all) {
            throw new CliException(ambiguous(keys));
        } else if (keys.size() > MOST) {
            throw new CliException("this is more than " + MOST + " counts; narrow it");
        }
        try (ChangeRecord record = change.open()) {
            found.forEach((named, chosen) -> {
                if (!chosen.isEmpty()) {
                    stores.with(named, store -> reset(store, chosen, record));
                }
            });
        }
        return ExitCode.OK;
    }

    private List<LimitKey> matches(StateStore store, @Nullable PolicyLimits policy) {
        LimitName name = new LimitName(pattern);
        List<LimitKey> keys = new ArrayList<>();
        which.each(store.limitRecords(), name, policy, counted -> {
            keys.add(counted.record().key());
            return keys.size() <= MOST;
        });
        return keys;
    }

    private boolean reset(StateStore store, List<LimitKey> keys, ChangeRecord record) {
        for (LimitKey key : keys) {
            record.reset(key);
            boolean counted = store.limitRecords().reset(key);
            spec.commandLine().getOut().println((counted ? "Reset: " : "Nothing was counted any more: ") + named(key));
        }
        return true;
    }

    private static String ambiguous(List<LimitKey> keys) {
        return (keys.size() > MOST ? "more than " + MOST : keys.size()) + " counts are meant:\n"
                + keys.stream().limit(FEW).map(key -> "  " + named(key)).collect(Collectors.joining("\n"))
                + (keys.size() > FEW ? "\n  …" : "")
                + "\nSay which with the whole name, --subject, --values or --policy, or reset them with --all";
    }

    private static String named(LimitKey key) {
        return Printable.of(key.limit()
                + (key.subject().isEmpty() ? "" : ", subject " + key.subject())
                + (key.partition().isEmpty() ? "" : ", values " + key.partition()));
    }
}
