package dev.interlock.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Path.Root;
import dev.interlock.policy.Path.Step;
import dev.interlock.policy.Path.Step.Any;
import dev.interlock.policy.Path.Step.Every;
import dev.interlock.policy.Path.Step.Member;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PathTest {

    static Stream<Arguments> paths() {
        return Stream.of(
                Arguments.of("args.a", Root.ARGS, List.of(plain("a"))),
                Arguments.of("args.a.b.0", Root.ARGS, List.of(plain("a"), plain("b"), plain("0"))),
                Arguments.of("args.a[*].b", Root.ARGS, List.of(plain("a"), new Every(), plain("b"))),
                Arguments.of("args.a[*][*]", Root.ARGS, List.of(plain("a"), new Every(), new Every())),
                Arguments.of("args.a[any].b", Root.ARGS, List.of(plain("a"), new Any(), plain("b"))),
                Arguments.of("args.\"[any]\"[any]", Root.ARGS, List.of(quoted("[any]"), new Any())),
                Arguments.of("args.\"a.b\".c", Root.ARGS, List.of(quoted("a.b"), plain("c"))),
                Arguments.of("args.\"\"", Root.ARGS, List.of(quoted(""))),
                Arguments.of("args.\"[*]\"[*]", Root.ARGS, List.of(quoted("[*]"), new Every())),
                Arguments.of("args.a b", Root.ARGS, List.of(plain("a b"))),
                Arguments.of("args.*", Root.ARGS, List.of(plain("*"))),
                Arguments.of("args.\u00fcn\u00efcode", Root.ARGS, List.of(plain("\u00fcn\u00efcode"))),
                Arguments.of("state.pay.n", Root.STATE, List.of(plain("pay"), plain("n"))),
                Arguments.of("state.\"a.b\".n", Root.STATE, List.of(quoted("a.b"), plain("n"))),
                Arguments.of("call.identity", Root.CALL, List.of(plain("identity"))),
                Arguments.of("tool.risk", Root.TOOL, List.of(plain("risk"))),
                Arguments.of("ctx.tenant.id", Root.CTX, List.of(plain("tenant"), plain("id"))));
    }

    @ParameterizedTest
    @MethodSource("paths")
    void aPathIsARootAndSteps(String text, Root root, List<Step> steps) {
        assertThat(Path.parse(text)).isEqualTo(new Path(root, steps, text)).hasToString(text);
    }

    static Stream<Arguments> mistakes() {
        String roots = "a path must be args.<name>, state.<tool>.<counter>, call.identity, call.session, call.server,"
                + " call.time, tool.category, tool.risk or ctx.<key>";
        return Stream.of(
                Arguments.of("", roots),
                Arguments.of("amount", roots),
                Arguments.of("Args.amount", roots),
                Arguments.of(" args.amount", roots),
                Arguments.of("args[*].a", roots),
                Arguments.of("args", "'args' names nothing; write args.<name>, such as args.amount"),
                Arguments.of("args.", "'args.' names nothing; write args.<name>, such as args.amount"),
                Arguments.of("state", "'state' names nothing; write state.<tool>.<counter>"),
                Arguments.of("ctx", "'ctx' names nothing; write ctx.<key>, such as ctx.tenant"),
                Arguments.of(
                        "args.a..b",
                        "'args.a..b' has an empty step; quote a key that is empty or contains a dot: args.\"a.b\""),
                Arguments.of(
                        "args.a.",
                        "'args.a.' has an empty step; quote a key that is empty or contains a dot: args.\"a.b\""),
                Arguments.of(
                        "args.[*]",
                        "'args.[*]' has an empty step; quote a key that is empty or contains a dot: args.\"a.b\""),
                Arguments.of(
                        "args.a[0]",
                        "'args.a[0]' has a stray '['; steps are joined by '.', '[*]' means every element and"
                                + " '[any]' at least one"),
                Arguments.of(
                        "args.a[*]b",
                        "'args.a[*]b' has a stray 'b'; steps are joined by '.', '[*]' means every element and"
                                + " '[any]' at least one"),
                Arguments.of(
                        "args.\"a\"b",
                        "'args.\"a\"b' has a stray 'b'; steps are joined by '.', '[*]' means every element and"
                                + " '[any]' at least one"),
                Arguments.of("args.a]", "'args.a]' has a stray ']'; quote a whole key that contains it: args.\"a.b\""),
                Arguments.of(
                        "args.a\"b", "'args.a\"b' has a stray '\"'; quote a whole key that contains it: args.\"a.b\""),
                Arguments.of("args.\"a", "'args.\"a' has a quoted key without its closing quote"),
                Arguments.of(
                        "args. a", "'args. a' has space at the edge of a step; quote a key that has it: args.\" a\""),
                Arguments.of(
                        "args.a ", "'args.a ' has space at the edge of a step; quote a key that has it: args.\" a\""),
                Arguments.of(
                        "state.n",
                        "'state.n' must be state.<tool>.<counter>; quote a tool name that contains a dot:"
                                + " state.\"a.b\".n"),
                Arguments.of(
                        "state.a.b.n",
                        "'state.a.b.n' must be state.<tool>.<counter>; quote a tool name that contains a dot:"
                                + " state.\"a.b\".n"),
                Arguments.of(
                        "state.a[*]",
                        "'state.a[*]' must be state.<tool>.<counter>; quote a tool name that contains a dot:"
                                + " state.\"a.b\".n"),
                Arguments.of("call.user", "'call.user' must be call.identity, call.session, call.server or call.time"),
                Arguments.of(
                        "call.identity.x",
                        "'call.identity.x' must be call.identity, call.session, call.server or call.time"),
                Arguments.of("tool.name", "'tool.name' must be tool.category or tool.risk"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsExplained(String text, String message) {
        assertThatThrownBy(() -> Path.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void aPathThatIsPutTogetherNeedsAStep() {
        assertThatThrownBy(() -> new Path(Root.ARGS, List.of(), "args"))
                .hasMessage("a path needs at least one step after 'args'");
    }

    private static Step plain(String name) {
        return new Member(name, false);
    }

    private static Step quoted(String name) {
        return new Member(name, true);
    }
}
