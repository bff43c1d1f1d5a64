package dev.interlock.policy.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.interlock.policy.Mode;
import dev.interlock.policy.Policy;
import dev.interlock.policy.PolicyBody;
import dev.interlock.policy.Posture;
import dev.interlock.policy.audit.AuditEvent;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.Decision.Code;
import dev.interlock.policy.call.MethodCall;
import dev.interlock.policy.text.NamePattern;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a policy says of requests other than calls of tools, of notifications, and of what only passes for them. */
class MethodsTest {

    private static final List<String> SPECIFICATION = List.of(
            "completion/complete",
            "elicitation/create",
            "initialize",
            "logging/setLevel",
            "notifications/cancelled",
            "notifications/initialized",
            "notifications/message",
            "notifications/progress",
            "notifications/tasks",
            "ping",
            "prompts/get",
            "prompts/list",
            "resources/list",
            "resources/read",
            "resources/subscribe",
            "resources/templates/list",
            "resources/unsubscribe",
            "roots/list",
            "sampling/createMessage",
            "server/discover",
            "subscriptions/listen",
            "tasks/cancel",
            "tasks/get",
            "tasks/list",
            "tasks/result",
            "tasks/update",
            "tools/list");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "\t",
                "tools/call",
                "TOOLS/CALL",
                " tools/call\t",
                "\u00a0tools/call",
                "tools/call\u00a0",
                "\ufefftools/call",
                "tools/call\u2007",
                "tools/call\u202f",
                "tools/call\u0000",
                "tools/\u0000call",
                "tools/call\u200b",
                "to\u00adols/call",
                "tools/call\u0085",
                "tools/call\r\n",
                "tools /call",
                "tools/call\u3164",
                "tools/call\udb40\udc61",
                "tools/call\ud800",
                "\uff54ools/call",
                "tools\uff0fcall",
                "tools\u2215call",
                "tools\\call",
                "tools//call",
                "tools/./call",
                "tools/../call",
                "tools%2Fcall",
                "resources%2fread",
                "tools/c%61ll",
                "tools/call;",
                "tools/call;v=1",
                "tools/call#",
                "tools/call#x",
                "tools/call?x=1",
                "tools.call",
                "tools-call",
                "tools:call",
                "tools\u2010call",
                ".tools/call.",
                "tools/call\ufffd",
                "to\ufffdols/call",
                "notifications.tools.list_changed",
                "/tools/call",
                "tools/call/",
                "t\u043e\u043els/call",
                "too1s/ca11",
                "too\u017f/call\u200d",
                "tool\u017f/call",
                "Resources/Read",
                " resources/read",
                "resources/read ",
                "\u00a0resources/read",
                "resources/read\u2028",
                "re\u0455ources/read",
                "p\u0130ng",
                "\u0130nitialize",
                "Server/Discover",
                "tasks/\u0261et",
                "NOTIFICATIONS/MESSAGE",
                "notifications/message\u0007",
                "subscriptions/1isten",
            })
    void aDisguiseIsDeniedWhateverThePolicySaysAndInAuditModeToo(String method) {
        for (Mode mode : Mode.values()) {
            for (Posture posture : Posture.values()) {
                Decision decision =
                        engine(mode, Map.of("*", posture, "vendor/x", posture)).decideMethod(method);
                assertThat(decision.allowed()).isFalse();
                assertThat(decision.code()).isEqualTo(Code.METHOD);
                assertThat(decision.rule()).isEqualTo(CompiledPolicy.ref("(methods)", ""));
            }
        }
    }

    @Test
    void aDisguiseThatThePolicyNamesItselfIsOneAllTheSame() {
        PolicyEngine engine = engine(
                Mode.ENFORCE,
                Map.of("tools/call", Posture.ALLOW, "Resources/Read", Posture.ALLOW, "ping ", Posture.ALLOW));

        assertThat(engine.decideMethod("tools/call").allowed()).isFalse();
        assertThat(engine.decideMethod("Resources/Read").allowed()).isFalse();
        assertThat(engine.decideMethod("ping ").allowed()).isFalse();
    }

    @Test
    void aDisguiseOfWhatThePolicyNamesIsDenied() {
        PolicyEngine engine = engine(
                Mode.AUDIT, ordered("vendor/purge", Posture.DENY, "acme/*", Posture.DENY, "Acme/x*", Posture.ALLOW));

        assertThat(engine.decideMethod("vendor/purge").audited()).isTrue();
        assertThat(engine.decideMethod("Vendor/purge").allowed()).isFalse();
        assertThat(engine.decideMethod("vendor/p\u057crge").allowed()).isTrue();
        assertThat(engine.decideMethod("vend\u043er/purge").allowed()).isFalse();
        assertThat(engine.decideMethod("vendor.purge").allowed()).isFalse();
        assertThat(engine.decideMethod("vendor/./purge").allowed()).isFalse();
        assertThat(engine.decideMethod("vendor/pur_ge").allowed()).isTrue();
        assertThat(engine.decideMethod("acme/anything").audited()).isTrue();
        assertThat(engine.decideMethod("ACME/anything").allowed()).isFalse();
        assertThat(engine.decideMethod("acm\u0435/anything").allowed()).isFalse();
        assertThat(engine.decideMethod("Acme/xyz").allowed()).isFalse();
        assertThat(engine.decideMethod("vendor/other")).isEqualTo(Decision.ALLOWED);
    }

    @Test
    void methodsOfTheSpecificationPassUnderEveryGlobThatOnlyLooksLikeThem() {
        PolicyEngine engine = engine(Mode.ENFORCE, Map.of("Resources/*", Posture.ALLOW, "PING*", Posture.DENY));

        for (String method : SPECIFICATION) {
            assertThat(engine.decideMethod(method)).as(method).isEqualTo(Decision.ALLOWED);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "notifications/tools/list_changed",
                "sampling/createMessage",
                "elicitation/create",
                "io.example/foo",
                "acme/do-it",
                "com.acme-corp/tools.call-all",
                "acme.tools/call",
                "tools/call/all",
                "toolscall",
                "$/progress",
                "rpc.discover",
                "vendor:purge",
                "x",
            })
    void aMethodThatIsOneOrLooksLikeNoneThatIsKnownPasses(String method) {
        for (Map<String, Posture> methods : List.of(
                Map.of("*", Posture.ALLOW),
                ordered("acme/purge", Posture.DENY, "io.example/*", Posture.ALLOW, "other/*", Posture.DENY))) {
            assertThat(engine(Mode.ENFORCE, methods).decideMethod(method)).isEqualTo(Decision.ALLOWED);
        }
    }

    @Test
    void aNameIsBoundedBeforeAnythingIsDoneWithIt() {
        PolicyEngine engine = engine(Mode.ENFORCE, Map.of("*", Posture.ALLOW));

        assertThat(engine.decideMethod("x".repeat(128)).allowed()).isTrue();
        assertThat(engine.decideMethod("x".repeat(129)).message())
                .isEqualTo("The request is not made: its method is longer than 128 characters.");
        assertThat(engine.decideMethod("resources/read" + "\u0300\u0316".repeat(500_000))
                        .allowed())
                .isFalse();
    }

    @Test
    void noGlobReachesTheLifecycleAndExactNamesDo() {
        List<String> lifecycle = List.of(
                "initialize", "ping", "server/discover", "notifications/initialized", "notifications/cancelled");
        PolicyEngine globs = engine(
                Mode.ENFORCE,
                ordered(
                        "*",
                        Posture.DENY,
                        "server/*",
                        Posture.DENY,
                        "notifications/*",
                        Posture.DENY,
                        "p?ng",
                        Posture.DENY));
        Map<String, Posture> names = new LinkedHashMap<>();
        lifecycle.forEach(name -> names.put(name, Posture.DENY));
        PolicyEngine exact = engine(Mode.ENFORCE, names);

        for (String method : lifecycle) {
            assertThat(globs.decideMethod(method)).as(method).isEqualTo(Decision.ALLOWED);
            assertThat(exact.decideMethod(method).allowed()).as(method).isFalse();
        }
        for (String method : SPECIFICATION) {
            if (!lifecycle.contains(method)) {
                assertThat(globs.decideMethod(method).allowed()).as(method).isFalse();
            }
        }
    }

    @Test
    void aDisguiseIsOnRecordWithItsDirection() {
        List<AuditEvent> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(policy(Mode.AUDIT, Map.of()))
                .audit(events::add)
                .build();
        engine.admit(MethodCall.of("Resources/Read"));
        engine.admit(MethodCall.of("ping\u200b").askedByServer());
        engine.admit(MethodCall.of("vendor/unlisted"));

        assertThat(events)
                .filteredOn(AuditEvent.MethodDecided.class::isInstance)
                .map(event -> (AuditEvent.MethodDecided) event)
                .extracting(event -> event.request().fromServer(), AuditEvent.MethodDecided::outcome)
                .containsExactly(tuple(false, AuditEvent.Outcome.DENIED), tuple(true, AuditEvent.Outcome.DENIED));
    }

    @Test
    void whatIsEmbeddedIsDecidedAsIfItCameByItselfAndAllOfItIsRecorded() {
        List<AuditEvent> events = new ArrayList<>();
        PolicyEngine engine = PolicyEngine.builder(
                        policy(Mode.ENFORCE, Map.of("elicitation/*", Posture.DENY, "roots/list", Posture.ALLOW)))
                .audit(events::add)
                .build();
        MethodCall by = MethodCall.of("tools/call").by("ada").on("desk");

        Decision denied =
                engine.admitEmbedded(MethodEntriesTest.requests("roots/list", "elicitation/create", "prompts/get"), by);

        assertThat(denied.code()).isEqualTo(Code.METHOD);
        assertThat(denied.message())
                .isEqualTo("The server's answer asks for 'elicitation/create'. The policy does not allow this (methods:"
                        + " 'elicitation/*'). The request had begun, and what came of it is not known.");
        assertThat(events)
                .filteredOn(AuditEvent.MethodDecided.class::isInstance)
                .map(event -> (AuditEvent.MethodDecided) event)
                .extracting(event -> event.request().method(), AuditEvent.MethodDecided::outcome)
                .containsExactly(
                        tuple("roots/list", AuditEvent.Outcome.ALLOWED),
                        tuple("elicitation/create", AuditEvent.Outcome.DENIED),
                        tuple("prompts/get", AuditEvent.Outcome.DENIED));
        assertThat(events)
                .filteredOn(AuditEvent.MethodDecided.class::isInstance)
                .map(event -> ((AuditEvent.MethodDecided) event).request())
                .allMatch(request -> request.embedded()
                        && request.fromServer()
                        && "ada".equals(request.identity())
                        && "desk".equals(request.server()));
        assertThat(engine.admitEmbedded(MethodEntriesTest.requests("sampling/createMessage"), by))
                .isEqualTo(Decision.ALLOWED);
    }

    @Test
    void whatNoAnswerMayHoldIsRefusedInAuditModeToo() {
        PolicyEngine engine = engine(Mode.AUDIT, Map.of("*", Posture.DENY));

        for (String method : List.of("tools/call", "", "ping", "Elicitation/create", "resources/read", "vendor/x")) {
            assertThat(engine.admitEmbedded(MethodEntriesTest.requests(method), MethodCall.of("tools/call"))
                            .allowed())
                    .as(method)
                    .isFalse();
        }
        assertThat(engine.admitEmbedded(MethodEntriesTest.requests("roots/list"), MethodCall.of("tools/call"))
                        .allowed())
                .isTrue();
    }

    /** A policy of one denied method: nothing that a careless peer would take for that method passes. */
    @Property
    void whatACarelessPeerTakesForADeniedMethodDoesNotPass(
            @ForAll("methods") String method, @ForAll("spellings") String blank) {
        PolicyEngine engine = engine(Mode.ENFORCE, Map.of(method, Posture.DENY));
        for (int at = 0; at <= method.length(); at++) {
            String spelt = method.substring(0, at) + blank + method.substring(at);
            assertThat(engine.decideMethod(spelt).allowed()).as(spelt).isFalse();
        }
        for (int at = 0; at < method.length(); at++) {
            String spelt =
                    method.substring(0, at) + Character.toUpperCase(method.charAt(at)) + method.substring(at + 1);
            assertThat(engine.decideMethod(spelt).allowed()).as(spelt).isFalse();
            // The same letter in full width.
            String wide =
                    method.substring(0, at) + (char) (method.charAt(at) - 0x21 + 0xff01) + method.substring(at + 1);
            assertThat(engine.decideMethod(wide).allowed()).as(wide).isFalse();
        }
    }

    @Provide
    Arbitrary<String> methods() {
        return Arbitraries.of("resources/read", "vendor/purge_all", "notifications/message", "x.y/z-1");
    }

    @Provide
    Arbitrary<String> spellings() {
        return Arbitraries.of(
                " ",
                "\t",
                "\n",
                "\r",
                "\u0000",
                "\u0085",
                "\u00a0",
                "\u00ad",
                "\u034f",
                "\u061c",
                "\u115f",
                "\u180e",
                "\u2003",
                "\u2007",
                "\u200b",
                "\u200e",
                "\u2028",
                "\u202f",
                "\u205f",
                "\u2060",
                "\u2800",
                "\u3000",
                "\u3164",
                "\ufe0f",
                "\ufeff",
                "\uffa0",
                "\udb40\udc41",
                "\ud83c");
    }

    private static PolicyEngine engine(Mode mode, Map<String, Posture> methods) {
        return PolicyEngine.builder(policy(mode, methods)).build();
    }

    private static Policy policy(Mode mode, Map<String, Posture> methods) {
        Map<NamePattern, Posture> patterns = new LinkedHashMap<>();
        methods.forEach((name, posture) -> patterns.put(new NamePattern(name), posture));
        return new Policy("", mode, PolicyBody.of(Posture.ALLOW), patterns, Optional.empty());
    }

    private static Map<String, Posture> ordered(Object... pairs) {
        Map<String, Posture> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], (Posture) pairs[i + 1]);
        }
        return map;
    }
}
