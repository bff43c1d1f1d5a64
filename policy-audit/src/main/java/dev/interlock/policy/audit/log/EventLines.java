package dev.interlock.policy.audit.log;

import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.audit.AuditEvent.Decided;
import dev.interlock.policy.audit.AuditEvent.Failed;
import dev.interlock.policy.audit.AuditEvent.LimitReset;
import dev.interlock.policy.audit.AuditEvent.Marked;
import dev.interlock.policy.audit.AuditEvent.MethodDecided;
import dev.interlock.policy.audit.AuditEvent.PolicyChanged;
import dev.interlock.policy.audit.AuditEvent.ResultJudged;
import dev.interlock.policy.audit.AuditEvent.SessionCleared;
import dev.interlock.policy.audit.AuditEvent.Settled;
import dev.interlock.policy.audit.AuditEvent.SuspensionChanged;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.call.ResultReport;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.CanonicalJson;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Writes events as lines. Of a call's arguments a line has the keyed digest, and whatever the host opted in to. */
final class EventLines {

    /** In bytes of JSON. A larger call is still logged, but without its arguments. */
    static final int MAX_ARGUMENTS = 64 << 10;

    private final SecretKeySpec key;
    private final Redaction redaction;

    EventLines(SecretKeySpec key, Redaction redaction) {
        this.key = key;
        this.redaction = redaction;
    }

    /** Distinguishes the digests of one key from those of another; reveals nothing about the key. */
    String keyId() {
        return HexFormat.of().formatHex(SealKey.mac(key, "key id"), 0, 4);
    }

    void write(LineWriter line, AuditEvent event) {
        line.text("t", event.time().toString());
        if (event instanceof Decided decided) {
            decided(line, decided);
        } else if (event instanceof MethodDecided decided) {
            decided(line, decided);
        } else if (event instanceof Settled settled) {
            settled(line, settled);
        } else if (event instanceof ResultJudged judged) {
            judged(line, judged);
        } else if (event instanceof PolicyChanged changed) {
            changed(line, changed);
        } else if (event instanceof SuspensionChanged changed) {
            suspension(line, changed);
        } else if (event instanceof LimitReset reset) {
            reset(line, reset);
        } else if (event instanceof SessionCleared cleared) {
            line.text("event", "clear").text("session", cleared.session()).text("by", cleared.by());
        } else if (event instanceof Marked marked) {
            marked(line, marked);
        } else if (event instanceof Failed failed) {
            line.text("event", "failure").text("failure", failed.failure());
            call(line, failed.call());
        }
    }

    private static void suspension(LineWriter line, SuspensionChanged changed) {
        line.text("event", "suspension")
                .flag("suspended", changed.suspended())
                .text("reason", changed.reason())
                .text("by", changed.by());
        if (changed.since() != null) {
            line.text("since", changed.since().toString());
        }
    }

    private void reset(LineWriter line, LimitReset reset) {
        LimitKey what = reset.key();
        line.text("event", "reset").text("limit", what.limit());
        if (!what.subject().isEmpty()) {
            line.text("subject", what.subject());
        }
        if (!what.partition().isEmpty()) {
            // Made of arguments, so the line only tells one from another.
            line.text("partitionHmac", HexFormat.of().formatHex(SealKey.mac(key, "partition\n" + what.partition())));
        }
        line.text("by", reset.by());
    }

    private void decided(LineWriter line, Decided decided) {
        Decision decision = decided.decision();
        line.text("event", "decision")
                .text("id", decided.id())
                .text("decision", decided.outcome().text());
        if (decided.round() > 0) {
            line.number("round", decided.round());
        }
        call(line, decided.call());
        if (!decided.runs().isEmpty()) {
            line.json(
                    "runs",
                    new Value.Array(decided.runs().stream()
                                    .map(EventLines::inner)
                                    .toList())
                            .json());
        }
        if (decided.rating() != null) {
            line.text("category", decided.rating().category().text());
            line.text("risk", decided.rating().risk().text());
        }
        why(line, decision);
        answer(line, decided.answer());
        policy(line, "policyDigest", "policyDescription", decided.policy());
        arguments(line, decided.call());
        line.number("tookMicros", decided.took().toNanos() / 1_000);
    }

    /** A call that a call makes by running another tool. Its arguments are among those of the call. */
    private static Value inner(ToolCall call) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("tool", new Value.Text(shortened(call.tool())));
        if (call.server() != null) {
            members.put("server", new Value.Text(shortened(call.server())));
        }
        return ObjectValue.of(members);
    }

    private static String shortened(String name) {
        return name.length() <= LineWriter.MAX_TEXT ? name : name.substring(0, LineWriter.MAX_TEXT - 1) + '…';
    }

    private static void decided(LineWriter line, MethodDecided decided) {
        MethodCall request = decided.request();
        line.text("event", "method")
                .text("id", decided.id())
                .text("decision", decided.outcome().text())
                .text("method", request.method())
                .text("from", request.fromServer() ? "server" : "client")
                .text("server", request.server())
                .text("session", request.session())
                .text("identity", request.identity());
        if (request.embedded()) {
            line.flag("embedded", true);
        }
        why(line, decided.decision());
        answer(line, decided.answer());
        policy(line, "policyDigest", "policyDescription", decided.policy());
    }

    private static void answer(LineWriter line, AuditEvent.@Nullable Answer answer) {
        if (answer != null) {
            line.text("by", answer.by()).text("ticket", answer.ticket());
        }
    }

    private static void why(LineWriter line, Decision decision) {
        line.text("code", decision.code().text());
        RuleRef rule = decision.rule();
        if (rule != null) {
            line.text("rule", rule.name()).text("place", rule.place().path());
            if (rule.place().line() > 0) {
                line.number("line", rule.place().line())
                        .number("column", rule.place().column());
            }
        }
        if (decision.retryAfter() != null) {
            line.number("retryAfterMs", decision.retryAfter().toMillis());
        }
    }

    private void arguments(LineWriter line, ToolCall call) {
        if (call.problem() != null) {
            // There are no arguments that could be read.
            return;
        }
        Arguments arguments = call.arguments();
        line.text("argsHmac", HexFormat.of().formatHex(SealKey.mac(key, CanonicalJson.of(arguments.root()))));
        if (arguments.bytes() > MAX_ARGUMENTS) {
            line.text("argsOmitted", "larger than " + MAX_ARGUMENTS + " bytes");
            return;
        }
        ObjectValue kept = redaction.of(arguments.root());
        if (kept != null) {
            line.json("args", kept.json()).flag("argsComplete", kept.equals(arguments.root()));
        }
    }

    private static void settled(LineWriter line, Settled settled) {
        line.text("event", "settlement")
                .text("id", settled.id())
                .text("outcome", settled.outcome().text())
                .text("tool", settled.call().tool())
                .text("server", settled.call().server())
                .number("tookMicros", settled.took().toNanos() / 1_000);
    }

    private static void judged(LineWriter line, ResultJudged judged) {
        ResultReport report = judged.report();
        line.text("event", "result")
                .text("id", judged.id())
                .text("result", report.fate().text())
                .text("tool", judged.call().tool())
                .text("server", judged.call().server());
        if (report.recorded() != ResultFate.PASSED) {
            line.text("wouldBe", report.recorded().text());
        }
        if (judged.decision().verdict() != Decision.Verdict.ALLOWED) {
            why(line, judged.decision());
        }
        count(line, "redactions", report.redactions());
        count(line, "wouldRedact", report.recordedRedactions());
        count(line, "missingBytes", report.missingBytes());
        count(line, "dropped", report.dropped());
    }

    private static void marked(LineWriter line, Marked marked) {
        line.text("event", "marks")
                .text("id", marked.id())
                .text("tool", marked.call().tool())
                .text("server", marked.call().server())
                .text("session", marked.call().session());
        if (!marked.set().isEmpty()) {
            line.json(
                    "set",
                    new Value.Array(marked.set().stream().map(EventLines::mark).toList()).json());
        }
        if (!marked.cleared().isEmpty()) {
            List<Value> names = new ArrayList<>();
            marked.cleared().forEach(name -> names.add(new Value.Text(shortened(name))));
            line.json("cleared", new Value.Array(names).json());
        }
    }

    private static Value mark(AuditEvent.SetMark mark) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("mark", new Value.Text(shortened(mark.name())));
        if (mark.values() > 0) {
            members.put("values", NumberValue.of((long) mark.values()));
        }
        if (!mark.known()) {
            members.put("known", Value.Bool.FALSE);
        }
        return ObjectValue.of(members);
    }

    private static void count(LineWriter line, String name, long count) {
        if (count > 0) {
            line.number(name, count);
        }
    }

    private static void changed(LineWriter line, PolicyChanged changed) {
        line.text("event", "policy").text("change", changed.change().text());
        policy(line, "policyDigest", "policyDescription", changed.now());
        if (changed.before() != null) {
            policy(line, "digestBefore", "descriptionBefore", changed.before());
        }
    }

    private static void policy(LineWriter line, String digest, String description, PolicyRef policy) {
        line.text(digest, policy.digest());
        if (!policy.description().isEmpty()) {
            line.text(description, policy.description());
        }
    }

    private static void call(LineWriter line, ToolCall call) {
        line.text("tool", call.tool())
                .text("server", call.server())
                .text("session", call.session())
                .text("identity", call.identity());
    }
}
