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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code within_path} against the ways out of a directory. */
class WithinPathTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/app/src",
                "/app/src/",
                "/app/src/a.txt",
                "/app///src//a.txt",
                "/app/src/a~",
                "/app/src/a (1), b's + c@d!.txt",
                "/app/src/\u65e5\u672c\u8a9e.txt",
                "/app/src/Screenshot\u202fAM.png",
                "/app/src/\u2764\ufe0f.txt",
                "/app/src/a;v=2.txt",
                "/app/src/aux",
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
                "//app/src/a",
                "///app/src/a",
                "/\\app/src/a",
                "//?/app/src/a",
                "//./app/src/a",
                "/app/src/..;/..;/etc",
                "/app/src/..;x=y/a",
                "/app/src/..:x/a",
                "/app/src/%u002e%u002e/%u002e%u002e/etc",
                "/app/src/\\u002e\\u002e/a",
                "/app/src/..\u00a5..\u00a5etc",
                "/app/src/..\u20a9..\u20a9etc",
                "/app/src/..\u2215..\u2215etc",
                "/app/src/..\u2044..\u2044etc",
                "/app/src/..\u2216..\u2216etc",
                "/app/src/..\uf05c..\uf05cetc",
                "/app/src/a\u2215\u2025/\u2025/b",
                "/app/src/..\ufe0f/..\ufe0f/etc",
                "/app/src/.\u034f./.\u034f./etc",
                "/app/src/\u2060..\u2060/etc",
                "/app/src/%\u200b2e%\u200b2e/etc",
                "/app/src/%\uff12e%\uff12e/etc",
                "/app/src/a%2fb/%2e%2e/%2e%2e/c",
                "/app/src/a%2fb/../../c",
                "/app/src/a\\b/../../c",
                "/app/src/a\\b%5c..%5c..",
                "/app/src/*",
                "/app/src/?",
                "/app/src/[.][.]/etc",
                "/app/src/{a/b/c/d,../../..}/etc/passwd",
                "/app/src/@(..)/etc",
                "/app/src/$HOME",
                "/app/src/${HOME}/x",
                "/app/src/`id`",
                "/app/src/%USERPROFILE%/x",
                "/app/src/~root/x",
                "/app/src/LONGNA~1/x",
                "/app/src/LONGNA~1.TXT",
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
                "/etc::$INDEX_ALLOCATION/passwd",
                "/etc:x/passwd",
                "/etc;x=y/passwd",
                "//etc/passwd",
                "//localhost/etc/passwd",
                "C:/etc/passwd",
                "\\\\server\\share\\etc",
                "/proc/self/root/etc/passwd",
                "/proc/1/cwd/passwd",
                "/proc/self/cwd/../etc/passwd",
                "/proc/thread-self/root/etc",
                "/proc/self/task/7/root/etc",
                "/proc/self/fd/3",
                "/PROC/self/fd/3",
                "/proc/self%2froot/etc",
                "/dev/fd/3/passwd",
                "/dev/stdin",
                "/.vol/16777220/2/etc",
                "/.nofollow/etc/passwd",
                "/System/Volumes/Data/etc/passwd",
                "/{tmp,etc}/passwd",
                "/e*/passwd",
                "/e?c/passwd",
                "/[e]tc/passwd",
                "/@(etc|tmp)/passwd",
                "/${x}etc/passwd",
                "/$x/etc",
                "/`echo etc`/passwd",
                "/%x%/passwd",
                "/etc\ufe0f/passwd",
                "/etc\u034f/passwd",
                "/tmp\u2215..\u2215etc/passwd",
                "/tmp/..;/etc/passwd"
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "C:\\work\\a.txt",
                "C:\\work\\sub\\b.txt",
                "c:\\work\\a.txt",
                "C:\\WORK\\A.TXT",
                "C:/work/a.txt",
                "C:/work\\sub/a.txt",
                "C:\\work",
                "C:\\\\work\\\\a.txt",
                "C:\\x\\..\\work\\a.txt",
                "C:\\work\\100%",
                "C:\\work\\\u00dcbung (1).txt"
            })
    void onADriveBackslashesSeparateAndCaseDoesNotMatter(String path) {
        assertThat(liesInside(path, "C:\\work")).isTrue();
        assertThat(liesInside(path, "c:/WORK/")).isTrue();
        assertThat(passesBy(path, "C:\\work")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "C:\\work\\..\\secret.txt",
                "C:\\workx\\a.txt",
                "D:\\work\\a.txt",
                "C:work\\a.txt",
                "C:",
                "\\work\\a.txt",
                "/work/a.txt",
                "work\\a.txt",
                "\\\\server\\work\\a.txt",
                "\\\\?\\C:\\work\\a.txt",
                "\\\\.\\C:\\work\\a.txt",
                "//?/C:/work/a.txt",
                "//./C:/work/a.txt",
                "\\??\\C:\\work\\a.txt",
                "/c/work/a.txt",
                "/C:/work/a.txt",
                "/mnt/c/work/a.txt",
                "/cygdrive/c/work/a.txt",
                "C:\\work\\%2e%2e\\secret",
                "C:\\work\\a%5c..%5c..%5csecret",
                "C:\\work\\...\\secret",
                "C:\\work\\.. \\secret",
                "C:\\work\\..\uff3c..\uff3csecret",
                "C:\\work\\..\u00a5secret",
                "C:\\work\\nul",
                "C:\\work\\AUX.txt",
                "C:\\work\\com1",
                "C:\\work\\com\u00b9.x",
                "C:\\work\\LONGNA~1\\a",
                "C:\\work\\*",
                "C:\\work\\\uff0a",
                "C:\\work\\<<",
                "C:\\work\\%USERPROFILE%",
                "C:\\wor\u212a\\a"
            })
    void theseAreNotSurelyOnThatDirectoryOfADrive(String path) {
        assertThat(liesInside(path, "C:\\work")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "C:\\Users\\Some Body\\secret files\\a",
                "c:/users/some body/secret files",
                "C:/Users/SOMEBO~1/SECRET~1/a",
                "//?/C:/Users/Some Body/secret files/a",
                "\\\\?\\C:\\Users\\Some Body\\secret files\\a",
                "\\\\localhost\\c\\Users\\Some Body\\secret files\\a",
                "\\\\localhost\\C$\\Users\\Some Body\\secret files\\a",
                "//localhost/users/Some Body/secret files/a",
                "/c/Users/Some Body/secret files/a",
                "/C/Users/Some Body/secret files/a",
                "/C:/Users/Some Body/secret files/a",
                "/mnt/c/Users/Some Body/secret files/a",
                "/cygdrive/c/Users/Some Body/secret files/a",
                "/host_mnt/c/Users/Some Body/secret files/a",
                "/run/desktop/mnt/host/c/Users/Some Body/secret files/a",
                "/Users/Some Body/secret files/a",
                "\\Users\\Some Body\\secret files\\a",
                "C:Users\\Some Body\\secret files\\a",
                "Users\\Some Body\\secret files\\a",
                "C:\\Users\\Some Body\\secret files.\\a",
                "C:\\Users\\Some Body\\secret files \\a",
                "C:\\Users\\Some Body\\secret files:x\\a",
                "C:\\Users\\%USERNAME%\\secret files\\a",
                "C:\\Users\\Some Body\\secret*\\a",
                "C:\\Users\\Some Body\\secret<\\a",
                "C:\\Users/Some%20Body/secret%20files/a"
            })
    void noSpellingGetsPastAForbiddenDirectoryOfADrive(String path) {
        assertThat(passesBy(path, "C:/Users/Some Body/secret files")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C:\\tmp\\a", "D:/Users/Some Body/secret files/a", "/tmp/a", "c:/Users/Some Body/a"})
    void whatIsElsewhereOnAnyDrivePasses(String path) {
        assertThat(passesBy(path, "C:/Users/Some Body/secret files")).isTrue();
    }

    @Test
    void aNetworkShareIsADirectoryOfWindows() {
        assertThat(liesInside("\\\\server\\share\\a", "\\\\server\\share")).isTrue();
        assertThat(liesInside("\\\\SERVER\\Share/A\\b", "\\\\server\\share\\a")).isTrue();
        assertThat(liesInside("\\\\server\\share\\a", "\\\\server\\share\\b")).isFalse();
        assertThat(liesInside("\\\\server\\other\\a", "\\\\server\\share")).isFalse();
        assertThat(liesInside("\\\\server\\share\\..\\other", "\\\\server\\share"))
                .isFalse();
        assertThat(liesInside("//server/share/a", "\\\\server\\share")).isFalse();
        assertThat(passesBy("//server/share/a", "\\\\server\\share")).isFalse();
        assertThat(passesBy("\\\\server.example\\share\\a", "\\\\server\\share"))
                .as("a server has many names")
                .isFalse();
        assertThat(passesBy("\\\\server\\other\\a", "\\\\server\\share")).isTrue();
        assertThat(passesBy("C:\\a", "\\\\server\\share")).isTrue();
    }

    @Test
    void aPolicyForTwoSystemsListsTheDirectoriesOfBoth() {
        assertThat(liesInside("C:\\work\\a", "C:\\work", "/home/u/work")).isTrue();
        assertThat(liesInside("/home/u/work/a", "C:\\work", "/home/u/work")).isTrue();
        assertThat(liesInside("/work/a", "C:\\work", "/home/u/work")).isFalse();
        assertThat(liesInside("C:\\home\\u\\work\\a", "C:\\work", "/home/u/work"))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "a.txt, true",
        "./a/b, true",
        "a/../b, true",
        "../src/a, true",
        "../../app/src/a, true",
        "/app/src/a, true",
        "a%20b, true",
        "., true",
        "../a, false",
        "../../../app/src/a, false",
        "/app/a, false",
        "'', false",
        "' ', false",
        "~/a, false",
        "~root/a, false",
        "$HOME/a, false",
        "C:/app/src/a, false",
        "C:a, false",
        "file:///app/src/a, false",
        "file:a, false",
        "a\\..\\..\\b, false",
        "\\etc\\a, false",
        "//app/src/a, false",
        "%2fetc/passwd, false",
        "%2e%2e/b, false",
        "..;/b, false"
    })
    void aRelativePathStartsFromTheBase(String path, boolean inside) {
        Map<String, Object> operand = Map.of("in", "/app/src", "base", "/app/src");
        assertThat(holds(path, operand)).isEqualTo(inside);
        assertThat(holds(path, Map.of("in", List.of("/app/src"), "base", "/app/src")))
                .isEqualTo(inside);
    }

    @Test
    void theBaseNeedNotBeInside() {
        Map<String, Object> operand = Map.of("in", "/srv/secret", "base", "/srv");
        assertThat(holds("secret/k", operand)).isTrue();
        assertThat(holds("a", operand)).isFalse();
        Desk deny = new Desk(denyIf(when("args.path", Operator.WITHIN_PATH, operand)));
        assertThat(deny.decide(Map.of("path", "a")).allowed()).isTrue();
        for (String path :
                List.of("secret/k", "b/../secret/k", "./secret", "/srv/secret/k", "../secret/../srv/secret")) {
            assertThat(deny.decide(Map.of("path", path)).allowed()).as(path).isFalse();
        }
    }

    @Test
    void aBaseOnADriveIsOneOfWindows() {
        Map<String, Object> operand = Map.of("in", "C:\\work", "base", "C:\\work\\sub");
        assertThat(holds("a\\b", operand)).isTrue();
        assertThat(holds("..\\B", operand)).isTrue();
        assertThat(holds("..\\..\\work\\a", operand)).isTrue();
        assertThat(holds("\\Work\\a", operand)).as("on the drive of the base").isTrue();
        assertThat(holds("..\\..\\x", operand)).isFalse();
        assertThat(holds("D:\\work\\a", operand)).isFalse();
    }

    @Test
    void aBaseIsOfTheSameSystemAsTheDirectories() {
        Condition condition = when("args.path", Operator.WITHIN_PATH, Map.of("in", "C:\\work", "base", "/work"));

        assertThatThrownBy(() -> Comparison.of(condition))
                .hasMessage("'C:\\work' and the base '/work' are directories of different systems");
    }

    @Test
    void theAgentIsToldWhatPathsStartFrom() {
        assertThat(new Desk(require(when("args.path", Operator.WITHIN_PATH, Map.of("in", "/srv/a", "base", "/srv"))))
                        .decide(Map.of("path", "b"))
                        .message())
                .isEqualTo("The call does not meet rule 'tools.pay.require[0]': args.path must be a path inside"
                        + " \"/srv/a\", from \"/srv\".");
    }

    private static boolean holds(String path, Map<String, Object> operand) {
        return new Desk(require(when("args.path", Operator.WITHIN_PATH, operand)))
                .decide(Map.of("path", path))
                .allowed();
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
        assertThat(liesInside("/donn\u00e9es/a", directory)).isTrue();
        assertThat(liesInside("/donne\u0301es/a", directory)).isTrue();
        assertThat(liesInside("/donnees/a", directory)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/*",
                "/home/*/.ssh",
                "/home/?/.ssh",
                "/home/[ab]",
                "/home/{a,b}",
                "/home/$USER",
                "/home/`id`",
                "/home/%USER%",
                "/home/~u",
                "/a%20b",
                "/../etc",
                "/app/.../x",
                "/app/..;/x",
                "//server/share",
                "/app\\src",
                "\\\\server",
                "\\\\.\\C:",
                "\\\\?\\C:\\work",
                "C:\\PROGRA~1",
                "C:\\work\\nul",
                "/dev/fd",
                "/proc/self/root",
                "/a\u2215b"
            })
    void aDirectoryInWhichNothingWouldLieIsNone(String directory) {
        Condition condition = when("args.path", Operator.WITHIN_PATH, directory);

        assertThatThrownBy(() -> Comparison.of(condition))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + directory + "' ");
        assertThat(passesBy("/tmp/a", directory)).isFalse();
    }
}
