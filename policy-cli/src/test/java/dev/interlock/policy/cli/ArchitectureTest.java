package dev.interlock.policy.cli;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.PackageMatcher;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.ClassReader;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.ClassVisitor;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.Handle;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.MethodVisitor;
import com.tngtech.archunit.thirdparty.org.objectweb.asm.Opcodes;
import dev.interlock.policy.adapter.DenialText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Which module may know which, and what a library does not do to its host. This module sees all the others. */
class ArchitectureTest {

    private static final String ROOT = "dev.interlock.policy";

    private static final Unit CORE = new Unit(
            "policy-core",
            ROOT,
            List.of(),
            List.of("org.jspecify", "com.google.re2j", "com.github.benmanes.caffeine", "javax.crypto"));

    private static final Unit AUDIT =
            new Unit("policy-audit", ROOT + ".audit.log", List.of(CORE), List.of("org.jspecify", "javax.crypto"));

    private static final Unit OBSERVE = new Unit(
            "policy-observability",
            ROOT + ".observe",
            List.of(CORE),
            List.of("org.jspecify", "io.micrometer.core", "io.opentelemetry.api", "org.slf4j"));

    private static final Unit YAML =
            new Unit("policy-yaml", ROOT + ".yaml", List.of(CORE), List.of("org.jspecify", "org.snakeyaml.engine"));

    private static final Unit TESTING = new Unit(
            "policy-testing", ROOT + ".testing", List.of(CORE, YAML), List.of("org.jspecify", "org.junit.jupiter.api"));

    private static final Unit MCP = new Unit(
            "policy-mcp-sdk-adapter",
            ROOT + ".mcp",
            List.of(CORE),
            List.of("org.jspecify", "io.modelcontextprotocol", "reactor", "org.reactivestreams", "org.slf4j"));

    private static final Unit LANGCHAIN4J = new Unit(
            "policy-langchain4j",
            ROOT + ".langchain4j",
            List.of(CORE),
            List.of("org.jspecify", "dev.langchain4j", "com.fasterxml.jackson", "org.slf4j"));

    private static final Unit REDIS =
            new Unit("policy-redis", ROOT + ".redis", List.of(CORE), List.of("org.jspecify", "io.lettuce.core"));

    private static final Unit JDBC =
            new Unit("policy-jdbc", ROOT + ".jdbc", List.of(CORE), List.of("org.jspecify", "java.sql", "javax.sql"));

    private static final Unit CLI = new Unit(
            "policy-cli",
            ROOT + ".cli",
            List.of(CORE, AUDIT, YAML, TESTING, MCP, REDIS, JDBC),
            List.of(
                    "org.jspecify",
                    "picocli",
                    "com.zaxxer.hikari",
                    "org.sqlite",
                    "io.modelcontextprotocol",
                    "reactor",
                    "tools.jackson",
                    "org.slf4j",
                    "javax.net.ssl",
                    "jdk.net"));

    /** The core comes last: it has the root package, and so every class that no other module claims. */
    private static final List<Unit> UNITS =
            List.of(AUDIT, OBSERVE, YAML, TESTING, MCP, LANGCHAIN4J, REDIS, JDBC, CLI, CORE);

    private static final DescribedPredicate<JavaClass> IN_A_LIBRARY = not(in(CLI));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("/test-classes/") && !location.contains("-tests.jar"))
            .importPackages(ROOT);

    @ParameterizedTest
    @FieldSource("UNITS")
    void everyModuleIsSeen(Unit unit) {
        assertThat(CLASSES.that(in(unit)))
                .as("classes of %s: without them its rules would hold of nothing", unit)
                .isNotEmpty();
    }

    @ParameterizedTest
    @FieldSource("UNITS")
    void aModuleDependsOnlyOnWhatItMay(Unit unit) {
        classes()
                .that(in(unit))
                .should()
                .onlyDependOnClassesThat(allowedIn(unit))
                .check(CLASSES);
    }

    @Test
    void librariesLeaveTheStandardStreamsToTheHost() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES.that(IN_A_LIBRARY));
    }

    @Test
    void librariesDoNotUseJavaUtilLogging() {
        noClasses()
                .that(IN_A_LIBRARY)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.logging")
                .check(CLASSES);
    }

    /**
     * Names that several types may have: a builder is called after the type around it, and each adapter asks the host
     * for the context of its client's calls.
     */
    private static final Set<String> SHARED_NAMES = Set.of("Builder", "CallContextResolver");

    @Test
    void noTwoTypesOfTheLibrariesShareAName() {
        Map<String, List<String>> byName = CLASSES.that(IN_A_LIBRARY).stream()
                .filter(ArchitectureTest::canBeNamedByOthers)
                .filter(type -> !type.getSimpleName().equals("package-info"))
                .filter(type -> !SHARED_NAMES.contains(type.getSimpleName()))
                .collect(Collectors.groupingBy(
                        JavaClass::getSimpleName, Collectors.mapping(JavaClass::getName, Collectors.toList())));

        assertThat(byName).hasSizeGreaterThan(400).containsKeys("Decision", "Code");
        assertThat(byName.values()).allSatisfy(types -> assertThat(types).hasSize(1));
    }

    private static boolean canBeNamedByOthers(JavaClass type) {
        return !type.isAnonymousClass()
                && !type.isLocalClass()
                && !type.getModifiers().contains(JavaModifier.PRIVATE)
                && type.getEnclosingClass()
                        .map(ArchitectureTest::canBeNamedByOthers)
                        .orElse(true);
    }

    @Test
    void publicFieldsAreFinal() {
        fields().that()
                .arePublic()
                .should()
                .beFinal()
                .because("nothing can rely on what anyone may change")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void noPackagesKnowEachOtherInACircle() {
        slices().assignedFrom(BY_PACKAGE).should().beFreeOfCycles().check(CLASSES);
    }

    /** The packages of the core, and for each the packages that it may use. The root package is {@code ""}. */
    private static final Map<String, List<String>> LAYERS = Stream.of(
                    "text:",
                    "time:",
                    "value: text",
                    "tool: text value",
                    "tool.rating: text tool value",
                    ": text tool value",
                    "call:  tool value",
                    "limit:  call",
                    "session:  call limit value",
                    "limit.memory:  call limit session time value",
                    "limit.remote:  call limit limit.memory time value",
                    "approval:  call limit text time tool value",
                    "approval.webhook:  approval call time tool value",
                    "state:  approval limit limit.memory session time value",
                    "audit:  approval call limit tool value",
                    "engine:  approval audit call limit limit.memory session state text time tool tool.rating value",
                    "review:  engine text tool tool.rating value",
                    "adapter:  approval audit call engine limit text time tool value")
            .map(row -> row.split(":", -1))
            .collect(toMap(
                    row -> row[0], row -> List.of(row[1].replaceFirst("^ ", "").split(" ", -1))));

    @Test
    void aPackageOfTheCoreKnowsOnlyThoseBelowIt() {
        JavaClasses core = CLASSES.that(in(CORE));
        List<String> beyond = core.stream()
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .filter(dependency -> in(CORE).test(dependency.getTargetClass().getBaseComponentType()))
                .filter(dependency -> {
                    String from = packageInCore(dependency.getOriginClass());
                    String to = packageInCore(dependency.getTargetClass().getBaseComponentType());
                    return !from.equals(to)
                            && !LAYERS.getOrDefault(from, List.of()).contains(to);
                })
                .map(dependency -> dependency.getDescription())
                .toList();
        assertThat(beyond).isEmpty();
        assertThat(core.stream().map(ArchitectureTest::packageInCore))
                .as("packages of the core; each needs a row above")
                .allMatch(LAYERS::containsKey);
    }

    private static String packageInCore(JavaClass type) {
        return type.getPackageName().substring(ROOT.length()).replaceFirst("^\\.", "");
    }

    /** Packages of machinery, and the only types that others may name. */
    private static final Map<String, Set<String>> DOORS = Map.of(
            ROOT + ".limit.memory", Set.of("InMemoryRateLimiter", "InMemorySessionMemory", "KeptLimits", "KeptSession"),
            ROOT + ".tool.rating", Set.of("StandardToolClassifier", "ModelSpeech"),
            ROOT + ".mcp.schema", Set.of("SdkSchemaValidator"));

    @Test
    void machineryIsReachedThroughItsDoors() {
        DOORS.forEach((inside, doors) -> noClasses()
                .that()
                .resideOutsideOfPackage(inside)
                .should()
                .dependOnClassesThat(describe("stand in " + inside + " beside " + doors, type -> {
                    JavaClass element = type.getBaseComponentType();
                    return element.getPackageName().equals(inside)
                            && doors.stream()
                                    .map(door -> inside + "." + door)
                                    .noneMatch(door -> element.getName().equals(door)
                                            || element.getName().startsWith(door + "$"));
                }))
                .check(CLASSES));
    }

    @Test
    void onlyTheLimiterInMemoryHasCells() {
        noClasses()
                .that(IN_A_LIBRARY)
                .and()
                .resideOutsideOfPackage(ROOT + ".limit.memory")
                .should()
                .haveSimpleNameEndingWith("Cell")
                .orShould()
                .haveSimpleNameEndingWith("Cells")
                .check(CLASSES);
    }

    /** Questions to {@link Character} about what can be seen. Each is answered by one method of package text. */
    private static final Set<String> SEEN = Set.of(
            "getType",
            "getDirectionality",
            "isDefined",
            "isISOControl",
            "isIdentifierIgnorable",
            "isMirrored",
            "isSpaceChar",
            "isWhitespace");

    @Test
    void whichCharactersCanBeSeenHasOneAnswer() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".text")
                .should()
                .accessTargetWhere(describe(
                        "asks Character for " + SEEN,
                        (JavaAccess<?> access) -> access.getTargetOwner().isEquivalentTo(Character.class)
                                && SEEN.contains(access.getName())))
                .because("packages that ask for themselves have had different answers")
                .check(CLASSES);
    }

    /** Where the adapter makes the SDK's messages: one class for each of its two APIs. */
    private static final Set<String> MAKERS = Set.of("SdkRecords", "ModernMessages");

    @Test
    void theMessagesOfTheSdkAreMadeInOnePlaceForEachApi() {
        DescribedPredicate<JavaAccess<?>> making = describe(
                "makes a message of the SDK's",
                access -> access.getTargetOwner()
                                .getName()
                                .matches("io\\.modelcontextprotocol\\.(spec\\.McpSchema|modern\\.JsonRpc)\\$.*")
                        && Set.of("<init>", "result", "error").contains(access.getName())
                        && access.getTarget() instanceof CodeUnitAccessTarget target
                        && !target.getRawParameterTypes().isEmpty());
        List<String> makers = CLASSES.that(in(MCP)).stream()
                .filter(type -> type.getAccessesFromSelf().stream().anyMatch(making))
                .map(JavaClass::getSimpleName)
                .toList();

        assertThat(makers).containsExactlyInAnyOrderElementsOf(MAKERS);
    }

    /** Packages that hosts implement or build adapters from. What is public there is meant for them. */
    private static final Set<String> FOR_IMPLEMENTERS = Set.of(ROOT + ".limit", ROOT + ".session", ROOT + ".adapter");

    /** A library with fewer public types than this may have as many as it has. */
    private static final int FEW = 10;

    @ParameterizedTest
    @FieldSource("UNITS")
    void mostTypesOfALibraryAreItsOwnAffair(Unit unit) {
        List<JavaClass> types = CLASSES.that(in(unit)).stream()
                .filter(type -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
                .filter(type -> !FOR_IMPLEMENTERS.contains(type.getPackageName()))
                .toList();
        long open = types.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .count();
        long most = unit.equals(CORE) ? 45 : 40;

        assertThat(unit.equals(CLI) || open < FEW || 100 * open < most * types.size())
                .as("%s: %d of %d types are public, and fewer than %d %% may be", unit, open, types.size(), most)
                .isTrue();
    }

    /** Names that hosts fill with what came in headers and tokens. */
    private static final Set<String> OF_CALLERS = Set.of("identity", "session", "subject", "meta", "context");

    /** What holds arguments or results as they are, or quotes them. Our own values don't tell what they are. */
    private static final Set<String> RAW = Set.of(
            "java.lang.Object",
            "java.lang.Throwable",
            "com.fasterxml.jackson.databind.JsonNode",
            "io.modelcontextprotocol.spec.McpSchema$JSONRPCMessage",
            "io.modelcontextprotocol.spec.McpSchema$JSONRPCRequest",
            "io.modelcontextprotocol.spec.McpSchema$JSONRPCResponse");

    /** Records that may tell all they hold, and why. */
    private static final Map<String, String> OUTSPOKEN = Map.of(
            "dev.interlock.policy.approval.ApprovalTickets$Binding", "private, and a key of a map",
            "dev.interlock.policy.approval.ApprovalTickets$TicketHolder", "private, and a key of a map",
            "dev.interlock.policy.yaml.PolicyWatcher$Event$UpdateFailed",
                    "what failed is the host's own policy, not a call");

    @Test
    void recordsDoNotTellWhatCallersSay() {
        List<String> telling = CLASSES.that(IN_A_LIBRARY).stream()
                .filter(JavaClass::isRecord)
                .map(JavaClass::reflect)
                .filter(type -> Stream.of(type.getRecordComponents()).anyMatch(ArchitectureTest::isSecret))
                .filter(ArchitectureTest::tellsAll)
                .map(Class::getName)
                .filter(name -> !OUTSPOKEN.containsKey(name) && !name.startsWith(ROOT + ".testing."))
                .toList();
        assertThat(telling)
                .as("records with a generated toString, which would write what a call holds wherever they are printed")
                .isEmpty();
    }

    @Test
    void whatAdaptersShareStandsInTheKit() throws IOException {
        for (Unit adapter : List.of(MCP, LANGCHAIN4J, CLI)) {
            noClasses()
                    .that(in(adapter))
                    .should()
                    .dependOnClassesThat()
                    .haveFullyQualifiedName("dev.interlock.policy.time.Reminder")
                    .because("it has a table with a time to live: PendingCalls or Continuations")
                    .check(CLASSES);
            noClasses()
                    .that(in(adapter))
                    .and()
                    .doNotHaveSimpleName("SchemaIsolation")
                    .should()
                    .dependOnClassesThat()
                    .haveFullyQualifiedName("java.security.MessageDigest")
                    .because("only a schema is told apart by a digest of an adapter's own")
                    .check(CLASSES);
            List<Path> sources;
            try (Stream<Path> files = Files.walk(Path.of("..", adapter.name(), "src", "main", "java"))) {
                sources = files.filter(Files::isRegularFile).toList();
            }
            assertThat(sources).isNotEmpty();
            for (Path source : sources) {
                // The compiler copies constants, so only the source tells whose they are.
                assertThat(Files.readString(source))
                        .as("a page limit or a denial's prefix in %s", source)
                        .doesNotContain("MAX_PAGES")
                        .doesNotContain("= \"" + DenialText.DEFAULT_PREFIX);
            }
        }
    }

    private static boolean isSecret(RecordComponent component) {
        return (component.getType() == String.class && OF_CALLERS.contains(component.getName()))
                || RAW.contains(component.getType().getName());
    }

    /** Whether its {@code toString} is the one that the compiler makes. */
    private static boolean tellsAll(Class<?> type) {
        boolean[] generated = {false};
        String file = type.getName().substring(type.getName().lastIndexOf('.') + 1) + ".class";
        try (InputStream in = type.getResourceAsStream(file)) {
            new ClassReader(Objects.requireNonNull(in, file))
                    .accept(
                            new ClassVisitor(Opcodes.ASM9) {
                                @Override
                                public @Nullable MethodVisitor visitMethod(
                                        int access, String name, String descriptor, String signature, String[] thrown) {
                                    return !name.equals("toString")
                                            ? null
                                            : new MethodVisitor(Opcodes.ASM9) {
                                                @Override
                                                public void visitInvokeDynamicInsn(
                                                        String called,
                                                        String form,
                                                        Handle bootstrap,
                                                        Object... arguments) {
                                                    generated[0] |= bootstrap
                                                            .getOwner()
                                                            .equals("java/lang/runtime/ObjectMethods");
                                                }
                                            };
                                }
                            },
                            ClassReader.SKIP_DEBUG);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return generated[0];
    }

    private static final SliceAssignment BY_PACKAGE = new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return owner(type).isPresent() ? SliceIdentifier.of(type.getPackageName()) : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "packages";
        }
    };

    private static DescribedPredicate<JavaClass> in(Unit unit) {
        return describe("in " + unit, type -> owner(type).filter(unit::equals).isPresent());
    }

    private static DescribedPredicate<JavaClass> allowedIn(Unit unit) {
        return describe("in " + unit + ", " + unit.units + ", the JDK or " + unit.libraries, type -> {
            JavaClass element = type.getBaseComponentType();
            return owner(type)
                    .map(owner -> owner.equals(unit) || unit.units.contains(owner))
                    .orElseGet(() -> element.isPrimitive()
                            || isBelow("java", element)
                            || unit.libraries.stream().anyMatch(library -> isBelow(library, element)));
        });
    }

    private static Optional<Unit> owner(JavaClass type) {
        JavaClass element = type.getBaseComponentType();
        return UNITS.stream().filter(unit -> isBelow(unit.root, element)).findFirst();
    }

    private static boolean isBelow(String root, JavaClass type) {
        return PackageMatcher.of(root + "..").matches(type.getPackageName());
    }

    /**
     * A module: a package and all below it.
     *
     * @param units the modules it may know
     * @param libraries the packages of others, with all below them, that it may know besides the JDK
     */
    record Unit(String name, String root, List<Unit> units, List<String> libraries) {

        @Override
        public String toString() {
            return name;
        }
    }
}
