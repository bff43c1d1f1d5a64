package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Operator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code command_in} against the ways to put more, or something else, into one command line. */
class CommandInTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "git diff",
                "git diff HEAD --stat",
                "  git   diff  ",
                "git 'diff'",
                "git \"diff\" a",
                "'git' d\"if\"'f'",
                "g\\it diff",
                "git diff 'a;b|c&d<e>f(g)h'",
                "git diff '$HOME `id` *?[x]{a,b}~!!#'",
                "git diff \"a b\"",
                "git diff \"a'b\"",
                "git diff \"a;b|c&d<e>f(g)h *?[x]{a,b}~#\"",
                "git diff \"\\$HOME \\`id\\` \\\"q\\\" \\\\ \\a\"",
                "git diff \\$HOME \\`id\\` \\; \\| \\& \\* \\~ \\{ \\! \\# \\\\ \\  \\\"",
                "git diff ''",
                "git diff \"\"",
                "git diff a=b --x=y",
                "git diff a#b x^ ^x 50% a:b a,b a@b a+b ]",
                "git diff 'done!' \"done! really\" \"done!\" wow!",
                "git diff ! x",
                "git diff if then ! time",
                "git diff \u00e4 '\u00e0 \u00a0 \u4e2d \ud83d\ude00'",
                "git diff -- -x"
            })
    void theseAreOnePlainCommand(String command) {
        assertThat(isOf(command, "git diff **")).isTrue();
        assertThat(passesBy(command, "git diff **")).isFalse();
        assertThat(passesBy(command, "rm **")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "git diff; rm -rf /",
                "git diff;",
                "git diff & rm -rf /",
                "git diff && rm -rf /",
                "git diff || rm -rf /",
                "git diff | sh",
                "git diff |& sh",
                "git diff > x",
                "git diff >> x",
                "git diff 2>x",
                "git diff <x",
                "git diff <<< x",
                "git diff << x",
                "git diff <(id)",
                "git diff >(id)",
                "git diff (id)",
                "(git diff)",
                "{ git diff; }",
                "git diff {",
                "git diff }",
                "git diff $(id)",
                "git diff $HOME",
                "git diff a$",
                "git diff ${HOME}",
                "git diff $((1))",
                "git diff $'a'",
                "git diff $\"a\"",
                "git diff \"$HOME\"",
                "git diff \"$(id)\"",
                "git diff \"`id`\"",
                "git diff `id`",
                "git diff \"\\\\$HOME\"",
                "git diff *",
                "git diff a?b",
                "git diff [ab]",
                "git diff @(a)",
                "git diff {a,b}",
                "git diff ~",
                "git diff ~root",
                "git diff HEAD~1",
                "git diff a=~/x",
                "git diff a:~/x",
                "git diff =ls",
                "git diff #x",
                "#git diff",
                "git diff !!",
                "git diff !rm",
                "git diff a!b",
                "git diff \"!rm\"",
                "git diff \"a!b\"",
                "git diff \"\\!\"",
                "!git diff",
                "! git diff",
                "!!",
                "^git^rm",
                "%1",
                "'%1'",
                "X=1 git diff",
                "X= git diff",
                "X+=1 git diff",
                "1=x git diff",
                "=git diff",
                "if git diff",
                "then git diff",
                "while git diff",
                "until git diff",
                "do git diff",
                "else git diff",
                "time git diff",
                "time -p git diff",
                "coproc git diff",
                "]] git diff",
                "function git",
                "select git",
                "for git",
                "case git",
                "- git diff",
                "noglob git diff",
                "nocorrect git diff",
                "[[ git",
                "[ git",
                "git diff 'a",
                "git diff \"a",
                "git diff 'a'b'",
                "git diff a\\",
                "git diff \"a\\",
                "git diff \"a\\\"",
                "git diff\nrm -rf /",
                "git diff \\\nrm",
                "git diff 'a\nb'",
                "git diff \"a\nb\"",
                "git diff\r",
                "git diff\r\nrm",
                "git diff 'a\rb'",
                "git diff\u0000rm",
                "git diff 'a\u0000b'",
                "git\tdiff",
                "git diff 'a\tb'",
                "git diff \u001b[A",
                "git diff 'a\u001bb'",
                "git diff \u007f",
                "git diff 'a\u0085b'",
                "git diff 'a\u2028b'",
                "git diff 'a\u2029b'",
                "git\u00a0diff",
                "git diff\u2003x",
                "git\u3000diff",
                "git diff a\u200bb",
                "git diff \u202e",
                "git diff \u00e0--output=x",
                "git diff \\\u00e0",
                "git diff \u00c5",
                "git diff \u0820",
                "git diff \ud83d",
                "git diff '\ude00'",
                "git diff \\\ud83d"
            })
    void theseAreNotSurelyOnePlainCommand(String command) {
        for (String listed : List.of("git diff **", "**", "* **", "rm **")) {
            assertThat(isOf(command, listed)).as(listed).isFalse();
            assertThat(passesBy(command, listed)).as(listed).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                // pattern; command; whether it matches
                "npm test; npm test; true",
                "npm test; npm test x; false",
                "npm test; npm; false",
                "npm test; NPM test; false",
                "npm test; npm testx; false",
                "ls *; ls -la; true",
                "ls *; ls; false",
                "ls *; ls -l a; false",
                "ls *; ls 'a b'; true",
                "ls *; ls ''; true",
                "ls **; ls; true",
                "ls **; ls a b c; true",
                "ls * **; ls; false",
                "ls * **; ls a b; true",
                "* x; anything x; true",
                "**; anything at all; true",
                "git push origin feature/*; git push origin feature/x; true",
                "git push origin feature/*; git push origin feature/x/y-1_2.3; true",
                "git push origin feature/*; git push origin feature/x:main; false",
                "git push origin feature/*; git push origin feature/../main; false",
                "git push origin feature/*; git push origin feature/x..y; false",
                "git push origin feature/*; git push origin 'feature/x y'; false",
                "git push origin feature/*; git push origin feature/x+y; false",
                "git push origin feature/*; git push origin 'feature/\u00e4'; false",
                "git push origin feature/*; git push origin feature; false",
                "git push origin feature/*; git push origin +feature/x; false",
                "cat a.*; cat a..; false",
                "cat *.*; cat a.b; true",
                "cat *.*; cat a..b; false",
                "cat *.txt; cat a.txt.txt; true",
                "cat *.txt; cat -x.txt; true",
                "cat *.txt !-; cat -x.txt; false",
                "cat *.txt !-; cat x-y.txt; true",
                "git log main..*; git log main..dev; true",
                "git log main..*; git log main...dev; false",
                "git diff ** !-; git diff; true",
                "git diff ** !-; git diff a b; true",
                "git diff ** !-; git diff --output=x; false",
                "git diff ** !-; git diff a '-x'; false",
                "git diff ** !-; git diff \\-x; false",
                "git diff ** !-; git diff --; false",
                "git * !-; git -c; false",
                "git diff --stat ** !-; git diff --stat a; true",
                "git diff --x=* !-; git diff --x=y; true",
                "npm test !-; npm test; true",
                "npm test !-; npm test -x; false",
                "git commit -m 'a b'; git commit -m \"a b\"; true",
                "git commit -m 'a b'; git commit -m a b; false",
                "git show 'HEAD~1'; git show 'HEAD~1'; true",
                "ls '*'; ls '*'; true",
                "ls '*'; ls a; false",
                "ls \\**; ls '*a'; true",
                "ls '!-'; ls '!-'; true",
                "ls '!-'; ls; false"
            })
    void aCommandIsListedIfEachOfItsWordsIs(String pattern, String command, boolean listed) {
        assertThat(isOf(command, pattern)).isEqualTo(listed);
        assertThat(passesBy(command, pattern)).isEqualTo(!listed);
    }

    @Test
    void everyElementOfAListIsOneCommand() {
        Desk desk = new Desk(require(when("args.run[*]", Operator.COMMAND_IN, List.of("ls *", "npm test"))));
        assertThat(desk.decide(Map.of("run", List.of("ls a", "npm test"))).allowed())
                .isTrue();
        assertThat(desk.decide(Map.of("run", List.of("ls a", "npm publish"))).allowed())
                .isFalse();
        assertThat(desk.decide(Map.of("run", List.of("ls a", "ls a; id"))).allowed())
                .isFalse();
    }

    @Test
    void whatIsNoTextIsInvalid() {
        for (Object value : List.of(5, true, List.of("ls"), Map.of("a", "ls"))) {
            for (String listed : List.of("ls", "**")) {
                Desk require = new Desk(require(when("args.run", Operator.COMMAND_IN, listed)));
                Desk deny = new Desk(denyIf(when("args.run", Operator.COMMAND_IN, listed)));
                assertThat(require.decide(Map.of("run", value)).allowed()).isFalse();
                assertThat(deny.decide(Map.of("run", value)).allowed()).isFalse();
            }
        }
    }

    @Test
    void aTextIsBounded() {
        assertThat(isOf("ls " + "a".repeat(4_093), "ls *")).isTrue();
        assertThat(isOf("ls " + "a".repeat(4_094), "ls *")).isFalse();
        assertThat(passesBy("ls " + "a".repeat(4_094), "rm **")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "git ** diff",
                "git a** x",
                "git **a",
                "git ***",
                "git diff **; id",
                "git diff $HOME",
                "git 'diff",
                "X=1 git",
                "if git",
                "git !- diff",
                "git !- **",
                "!-",
                "git !diff",
                "git diff ~",
                "git [ab]",
                "git\tdiff"
            })
    void aPatternThatNoCommandCouldMatchIsRefused(String listed) {
        assertThatThrownBy(() -> when("args.run", Operator.COMMAND_IN, List.of(listed)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + listed.replace("\t", "\\t") + "' ");
    }

    @Test
    void theAgentIsToldWhatMayBeRun() {
        assertThat(new Desk(require(when("args.run", Operator.COMMAND_IN, List.of("npm test"))))
                        .decide(Map.of("run", "rm -rf /"))
                        .message())
                .isEqualTo("The call does not meet rule 'tools.pay.require[0]': args.run must be one plain shell"
                        + " command of [\"npm test\"].");
    }

    private static boolean isOf(String command, String listed) {
        return new Desk(require(when("args.run", Operator.COMMAND_IN, List.of(listed))))
                .decide(Map.of("run", command))
                .allowed();
    }

    private static boolean passesBy(String command, String forbidden) {
        return new Desk(denyIf(when("args.run", Operator.COMMAND_IN, List.of(forbidden))))
                .decide(Map.of("run", command))
                .allowed();
    }
}
