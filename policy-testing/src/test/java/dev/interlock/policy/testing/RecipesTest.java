package dev.interlock.policy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Policy;
import dev.interlock.policy.call.ResultFate;
import dev.interlock.policy.review.Finding.Problem;
import dev.interlock.policy.review.PolicyReview;
import dev.interlock.policy.review.ServerTools;
import dev.interlock.policy.testing.Coverage.RuleCoverage;
import dev.interlock.policy.testing.Expectation.ExpectedVerdict;
import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The recipes hold: each has its tests, which show the wanted call, a near miss and an evasion. */
class RecipesTest {

    /** Findings about the tools of a server, of which the tests know only those that they call. */
    private static final Set<Problem> ABOUT_TOOLS =
            EnumSet.of(Problem.UNKNOWN_TOOL, Problem.MATCHES_NOTHING, Problem.LOOK_ALIKE, Problem.UNCOVERED_TOOL);

    private static final Path RECIPES = Path.of("../docs/recipes");
    private static final Path PAGE = Path.of("../docs/recipes.md");
    private static final String TESTS = "-tests.yaml";
    private static final List<String> PARTS = List.of("wanted", "near miss", "evasion");

    private static final Pattern BLOCK =
            Pattern.compile("^```yaml recipes/(\\S+)\\.yaml\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    static List<String> recipes() throws IOException {
        try (Stream<Path> files = Files.list(RECIPES)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(TESTS))
                    .map(name -> name.substring(0, name.length() - TESTS.length()))
                    .sorted()
                    .toList();
        }
    }

    private static Path policy(String recipe) {
        return RECIPES.resolve(recipe + ".yaml");
    }

    private static Path tests(String recipe) {
        return RECIPES.resolve(recipe + TESTS);
    }

    @TestFactory
    Stream<DynamicContainer> decidesAsItsTestsSay() throws IOException {
        return recipes().stream()
                .map(recipe ->
                        DynamicContainer.dynamicContainer(recipe, PolicyTests.of(policy(recipe), tests(recipe))));
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void readsWithoutAWarning(String recipe) throws IOException {
        ReadResult result = PolicyYaml.read(policy(recipe));
        assertThat(result.diagnostics().stream().filter(found -> !found.code().equals("intercept-ignores")))
                .isEmpty();
        assertThat(PolicyYaml.read(PolicyYaml.write(result.orThrow()), "written")
                        .orThrow())
                .isEqualTo(result.orThrow());
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void showsTheWantedCallANearMissAndAnEvasion(String recipe) throws IOException {
        List<TestCase> cases = PolicyTestFile.read(tests(recipe)).cases();
        assertThat(cases)
                .extracting(test -> part(test.name()))
                .containsAll(PARTS)
                .isSubsetOf(PARTS);
        assertThat(cases).allSatisfy(test -> {
            List<Expectation> expected =
                    test.calls().stream().map(TestCall::expected).toList();
            if (part(test.name()).equals("wanted")) {
                assertThat(expected).extracting(Expectation::verdict).contains(ExpectedVerdict.ALLOWED);
                return;
            }
            List<Expectation> refusals = expected.stream()
                    .filter(each -> each.verdict() != ExpectedVerdict.ALLOWED || isWithheld(each))
                    .toList();
            assertThat(refusals)
                    .anyMatch(refusal -> refusal.verdict() == ExpectedVerdict.DENIED
                            || refusal.verdict() == ExpectedVerdict.HIDDEN
                            || isWithheld(refusal));
            assertThat(refusals)
                    .as("each says which rule refuses, so that no other does so by chance")
                    .allMatch(refusal -> refusal.rule() != null
                            || refusal.code() != null
                            || (refusal.result() != null && refusal.result().rule() != null));
            assertThat(expected.get(expected.size() - 1)).isIn(refusals);
        });
    }

    /** Whether the call runs, but its caller doesn't get the result. */
    private static boolean isWithheld(Expectation expected) {
        return expected.result() != null && expected.result().fate() == ResultFate.WITHHELD;
    }

    /** Else a part of a recipe could be wrong, or missing in a copy of it, and its tests would not notice. */
    @ParameterizedTest
    @MethodSource("recipes")
    void eachRuleIsSeenToRefuseACallAndToPassOne(String recipe) throws IOException {
        Policy policy = PolicyYaml.read(policy(recipe)).orThrow();
        Coverage coverage = new Coverage(policy);
        PolicyTestFile.read(tests(recipe)).run(policy, null, coverage);
        assertThat(coverage.rules()).allMatch(RuleCoverage::isComplete);
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void checkFindsNothingInThePolicy(String recipe) throws IOException {
        PolicyTestFile file = PolicyTestFile.read(tests(recipe));
        Map<String, ToolDefinition> known = new LinkedHashMap<>();
        file.tools().definitions().forEach(tool -> known.put(tool.name(), tool));
        Map<Optional<String>, Map<String, ToolDefinition>> called = new LinkedHashMap<>();
        file.cases().stream()
                .flatMap(test -> test.calls().stream())
                .filter(call -> !call.isRequest() && call.expected().verdict() == ExpectedVerdict.ALLOWED)
                .map(TestCall::call)
                .forEach(call -> called.computeIfAbsent(
                                Optional.ofNullable(call.server()), server -> new LinkedHashMap<>())
                        .computeIfAbsent(call.tool(), name -> known.getOrDefault(name, ToolDefinition.named(name))));
        List<ServerTools> servers = called.entrySet().stream()
                .map(server -> new ServerTools(
                        server.getKey().orElse(null),
                        List.copyOf(server.getValue().values())))
                .toList();

        assertThat(PolicyReview.of(PolicyYaml.read(policy(recipe)).orThrow(), servers)
                        .findings())
                .filteredOn(finding -> !ABOUT_TOOLS.contains(finding.code()))
                .isEmpty();
    }

    @Test
    void thereAreThirtyAtLeast() throws IOException {
        assertThat(recipes()).hasSizeGreaterThanOrEqualTo(30);
    }

    private static String part(String name) {
        return name.substring(0, Math.max(0, name.indexOf(':')));
    }

    /** To copy the policies into the page anew, run this test with {@code -Dinterlock.docs=write}. */
    @Test
    void thePageShowsEachPolicy() throws IOException {
        String page = Files.readString(PAGE);
        if ("write".equals(System.getProperty("interlock.docs"))) {
            page = BLOCK.matcher(page).replaceAll(RecipesTest::block);
            Files.writeString(PAGE, page);
        }
        Set<String> shown = new TreeSet<>();
        Matcher blocks = BLOCK.matcher(page);
        while (blocks.find()) {
            shown.add(blocks.group(1));
            assertThat(policy(blocks.group(1))).content().isEqualTo(blocks.group(2));
            assertThat(page).contains("(recipes/" + blocks.group(1) + TESTS + ")");
        }
        assertThat(shown).containsExactlyElementsOf(recipes());
        try (Stream<Path> files = Files.list(RECIPES)) {
            assertThat(files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()))
                    .containsExactlyInAnyOrderElementsOf(shown.stream()
                            .flatMap(name -> Stream.of(name + ".yaml", name + TESTS))
                            .toList());
        }
    }

    private static String block(MatchResult block) {
        try {
            String text = Files.readString(policy(block.group(1)));
            return Matcher.quoteReplacement("```yaml recipes/" + block.group(1) + ".yaml\n" + text + "```");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
