package dev.interlock.policy.engine;

import static dev.interlock.policy.engine.Policies.denyIf;
import static dev.interlock.policy.engine.Policies.require;
import static dev.interlock.policy.engine.Policies.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.Condition;
import dev.interlock.policy.Operator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code within_path} against the ways out of a directory. */
class WithinPathTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/app/src",
                "/app/src/",
                "/app/src/a.txt",
                "//app///src//a.txt",
                "/app/./src/./a.txt",
                "/app/src/x/../a.txt",
                "/app/other/../src/a.txt",
                "/app/src/..a",
                "/app/src/a..",
                "/app/src/.hidden",
                "/app/src/100%",
                "/app/src/100%25",
                "/app/src/a%20b",
                "/app/src/\u00fc",
                "/app/src/%C3%BC"
            })
    void theseLieInside(String path) {
        assertThat(liesInside(path)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/app",
                "/app/srcx",
                "/app/src.bak/a",
                "/APP/src/a",
                "app/src/a",
                "./app/src/a",
                "~/app/src/a",
                "file:///app/src/a",
                "/app/src/..",
                "/app/src/../b",
                "/app/src/../../etc/passwd",
                "/app/src/x/../../../etc/passwd",
                "/../app/src/a",
                "/app/src/\\..\\..\\etc",
                "/app/src/..\\..\\etc/passwd",
                "\\app\\src\\..\\etc",
                "/app/src/%2e%2e/%2e%2e/etc/passwd",
                "/app/src/.%2e/.%2E/etc/passwd",
                "/app/src/..%2f..%2fetc/passwd",
                "/app/src/..%5c..%5cetc",
                "/app/src/%252e%252e/%252e%252e/etc",
                "/app/src/%25252e%25252e/%25252e%25252e/etc",
                "/app/src/%25%32%65%25%32%65/b/../../../../etc",
                "/app/src/%c0%ae%c0%ae/%c0%ae%c0%ae/etc",
                "/app/src/%e0%80%ae%e0%80%ae/etc",
                "/app/src/%c0%af..%c0%afetc",
                "/app/src/a\u0000.txt",
                "/app/src/a%00.txt",
                "/app/src/a%2500.txt",
                "/app/src/\n../../etc",
                "/app/src/\uff0e\uff0e/\uff0e\uff0e/etc",
                "/app/src/\u2025/\u2025/etc",
                "/app/src\uff0f..\uff0f..\uff0fetc",
                "/app/src/%ef%bc%8e%ef%bc%8e/%ef%bc%8e%ef%bc%8e/etc",
                "/app/src/\uff052e\uff052e/\uff052e\uff052e/etc",
                "/app/src/.../a",
                "/app/src/.. /a",
                "/app/src/. ./a",
                "/app/src/ ../../etc",
                "C:/app/src/a",
                "c:\\app\\src\\a",
                "//server/app/src/a",
                "\\\\?\\C:\\app\\src",
                "/app/src/C:/../../../etc"
            })
    void theseDoNot(String path) {
        assertThat(liesInside(path)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc",
                "/etc/passwd",
                "/tmp/../etc/passwd",
                "/tmp%2f..%2fetc/passwd",
                "/etc%2fpasswd",
                "/%65tc/passwd",
                "/%2565tc/passwd",
                "/etc\\passwd",
                "\\etc\\passwd",
                "/../etc/passwd",
                "etc/passwd",
                "../../etc/passwd",
                "/\uff45tc/passwd",
                "/tmp/a\u0000/../../etc/passwd",
                "/etc%c0%afpasswd",
                "/ETC/passwd",
                "/%45tc/passwd",
                "/e\u200btc/passwd",
                "/etc./passwd",
                "/etc /passwd",
                "/tmp/../etc.. /passwd",
                "/etc::$INDEX_ALLOCATION/passwd"
            })
    void noSpellingGetsPastADirectoryThatIsForbidden(String path) {
        assertThat(passesBy(path, "/etc")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tmp/a", "/tmp/../var/a", "/etcetera", "/a/etc/b", "/tmp/100%", "/tmp/a%20b", "/"})
    void whatLiesOutsideHoweverItIsReadPasses(String path) {
        assertThat(passesBy(path, "/etc")).isTrue();
    }

    @Test
    void anythingOnADriveStaysOnIt() {
        assertThat(liesInside("C:/app/a", "C:/app")).isTrue();
        assertThat(liesInside("C:/app/../b", "C:/app")).isFalse();
        assertThat(liesInside("C:/../app/a", "C:/app")).isFalse();
        assertThat(liesInside("D:/app/a", "C:/app")).isFalse();
        assertThat(liesInside("/app/a", "C:/app")).isFalse();
        assertThat(liesInside("C:app/a", "C:/app")).isFalse();
    }

    @Test
    void oneOfSeveralDirectoriesIsEnough() {
        assertThat(liesInside("/b/x", "/a", "/b")).isTrue();
        assertThat(liesInside("/c/x", "/a", "/b")).isFalse();
        assertThat(liesInside("/a/../b/x", "/a", "/b")).isTrue();
    }

    @Test
    void aDirectoryThatIsNotAbsoluteContainsNothing() {
        assertThat(liesInside("/app/src/a", "app/src")).isFalse();
        assertThat(liesInside("app/src/a", "app/src")).isFalse();
        assertThat(liesInside("/app/src/a", "..")).isFalse();
    }

    @Test
    void aPrefixRegexIsNoBoundary() {
        Desk prefix = new Desk(require(when("args.path", Operator.REGEX, "^/app/src/")));
        assertThat(prefix.decide(Map.of("path", "/app/src/../../etc/passwd")).allowed())
                .as("why there is within_path")
                .isTrue();
    }

    private static boolean passesBy(String path, String forbidden) {
        return new Desk(denyIf(when("args.path", Operator.WITHIN_PATH, forbidden)))
                .decide(Map.of("path", path))
                .allowed();
    }

    private static boolean liesInside(String path, String... directories) {
        List<String> operand = directories.length == 0 ? List.of("/app/src") : List.of(directories);
        return new Desk(require(when("args.path", Operator.WITHIN_PATH, operand)))
                .decide(Map.of("path", path))
                .allowed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/donn\u00e9es", "/donne\u0301es"})
    void anAccentMayBeWrittenInTwoWays(String directory) {
        assertThat(passesBy("/donn\u00e9es/a", directory)).isFalse();
        assertThat(passesBy("/donne\u0301es/a", directory)).isFalse();
        assertThat(liesInside(directory + "/a", directory)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/*", "/home/*/.ssh", "/a%20b", "/../etc", "/app/.../x"})
    void aDirectoryInWhichNothingWouldLieIsNone(String directory) {
        Condition condition = when("args.path", Operator.WITHIN_PATH, directory);

        assertThatThrownBy(() -> Comparison.of(condition))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + directory + "' ");
        assertThat(passesBy("/tmp/a", directory)).isFalse();
    }
}
