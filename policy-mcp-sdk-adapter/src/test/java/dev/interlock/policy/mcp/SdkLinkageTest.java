package dev.interlock.policy.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.mcp.ClassConstants.Member;
import io.modelcontextprotocol.spec.McpSchema;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The classes are compiled against the newest SDK and run on older ones. There, a missing method shows only when it is
 * called. So this looks all of them up.
 */
class SdkLinkageTest {

    private static final String SDK = "io/modelcontextprotocol/";
    private static final String MODERN = "io/modelcontextprotocol/modern/";

    private static final String LINE = System.getProperty("sdk.line", "2.2");

    private static final Set<String> LISTENING = Set.of(
            "McpStreamableServerSession.hasListeningStream",
            "McpStreamableServerSession.hasOpenStream",
            "McpStreamableServerSession.releaseListeningStream",
            "McpStreamableServerSession.responseStream");

    /** What a version lacks. Our methods that call one of these override it, so nothing there calls them. */
    private static final Map<String, Set<String>> MISSING = Map.of(
            "2.2", Set.of(),
            "2.1", Set.of(),
            "2.0", LISTENING,
            "1.1", Set.of(),
            "0.18",
                    Set.of(
                            "McpStreamableServerSession.hasListeningStream",
                            "McpStreamableServerSession.hasOpenStream",
                            "McpStreamableServerSession.releaseListeningStream",
                            "McpStreamableServerSession.responseStream",
                            "McpServerTransportProviderBase.notifyClient"));

    /** The build says which line it tests. This makes sure that it is the one on the class path. */
    @Test
    void theSdkUnderTestIsTheOneThatTheBuildMeans() {
        assertThat(line()).isEqualTo(LINE);
    }

    private static String line() {
        if (exists(MODERN + "JsonRpc")) {
            return "2.2";
        }
        List<String> session = methods("io/modelcontextprotocol/spec/McpStreamableServerSession");
        boolean factories = methods("io/modelcontextprotocol/spec/McpSchema$JSONRPCResponse")
                .contains("result:2");
        if (factories) {
            return session.contains("hasListeningStream:0") ? "2.1" : "2.0";
        }
        return session.contains("hasListeningStream:0") ? "1.1" : "0.18";
    }

    private static boolean exists(String type) {
        try {
            load(type);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    private static List<String> methods(String type) {
        try {
            return Arrays.stream(load(type).getMethods())
                    .map(method -> method.getName() + ":" + method.getParameterCount())
                    .toList();
        } catch (ClassNotFoundException e) {
            return List.of();
        }
    }

    @Test
    void everythingThatIsReferredToExistsButWhatIsNeverCalled() throws Exception {
        boolean modern = LINE.equals("2.2");

        List<Member> members = ClassConstants.ofTheAdapter().stream()
                .filter(file -> modern || !mentions(file, MODERN))
                .flatMap(file -> file.members().stream())
                .filter(member -> member.owner().startsWith(SDK))
                .distinct()
                .toList();

        assertThat(members).hasSizeGreaterThan(100);
        assertThat(members.stream().filter(member -> !resolves(member)).map(SdkLinkageTest::shortly))
                .containsExactlyInAnyOrderElementsOf(MISSING.get(LINE));
    }

    private static String shortly(Member member) {
        return member.owner().substring(member.owner().lastIndexOf('/') + 1) + "." + member.name();
    }

    @Test
    void onlyTheClassesForTheModernApiMentionIt() throws Exception {
        Set<String> allowed = Set.of("EnforcingModernTransport", "EnforcingRequestManager");

        assertThat(ClassConstants.ofTheAdapter().stream()
                        .filter(file -> mentions(file, MODERN))
                        .map(ClassConstants::outermost)
                        .filter(name -> !name.startsWith("Modern") && !allowed.contains(name)))
                .isEmpty();
    }

    /** The build leaves them out on an older SDK by their name: JUnit can't even load them there. */
    @Test
    void theTestsOfTheModernApiAreKnownByTheirName() throws Exception {
        Set<String> allowed = Set.of("SdkLinkageTest");

        List<String> tests = ClassConstants.ofTheTests().stream()
                .filter(file -> mentions(file, MODERN))
                .map(ClassConstants::outermost)
                .distinct()
                .toList();

        assertThat(tests).contains("ModernHttpIT", "ModernRequestManagerTest");
        assertThat(tests)
                .filteredOn(name -> !name.contains("Modern") && !allowed.contains(name))
                .isEmpty();
    }

    private static boolean mentions(ClassConstants file, String text) {
        return file.texts().stream().anyMatch(constant -> constant.contains(text));
    }

    private static boolean resolves(Member member) {
        try {
            Class<?> owner = load(member.owner());
            if (!member.isMethod()) {
                return lineage(owner)
                        .flatMap(type -> Arrays.stream(type.getDeclaredFields()))
                        .map(Field::getName)
                        .anyMatch(member.name()::equals);
            }
            MethodType type =
                    MethodType.fromMethodDescriptorString(member.descriptor(), SdkLinkageTest.class.getClassLoader());
            return member.name().equals("<init>")
                    ? Arrays.stream(owner.getDeclaredConstructors())
                            .anyMatch(made -> Arrays.equals(made.getParameterTypes(), type.parameterArray()))
                    : lineage(owner)
                            .flatMap(each -> Arrays.stream(each.getDeclaredMethods()))
                            .anyMatch(method -> method.getName().equals(member.name())
                                    && method.getReturnType().equals(type.returnType())
                                    && Arrays.equals(method.getParameterTypes(), type.parameterArray()));
        } catch (ClassNotFoundException | TypeNotPresentException e) {
            return false;
        }
    }

    /** The type and all that it inherits from. */
    private static Stream<Class<?>> lineage(Class<?> type) {
        Stream<Class<?>> above =
                Stream.concat(Stream.ofNullable(type.getSuperclass()), Arrays.stream(type.getInterfaces()));
        Stream<Class<?>> all = Stream.concat(Stream.of(type), above.flatMap(SdkLinkageTest::lineage));
        return type.isInterface() ? Stream.concat(all, Stream.of(Object.class)) : all;
    }

    private static Class<?> load(String name) throws ClassNotFoundException {
        return Class.forName(name.replace('/', '.'), false, McpSchema.class.getClassLoader());
    }
}
