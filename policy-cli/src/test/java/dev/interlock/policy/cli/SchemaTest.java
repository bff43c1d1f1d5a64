package dev.interlock.policy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Operator;
import dev.interlock.policy.cli.policy.SchemaCommand;
import dev.interlock.policy.yaml.Diagnostic;
import dev.interlock.policy.yaml.PolicyYaml;
import dev.interlock.policy.yaml.ReadResult;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.json.schema.jackson3.DefaultJsonSchemaValidator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The schema and the reader say the same of which keys there are, and the schema refuses nothing that the reader takes.
 */
class SchemaTest {

    private static final JsonMapper JSON = new JsonMapper();
    private static final Path VECTORS = Path.of("../policy-yaml/src/test/resources/vectors");

    private final DefaultJsonSchemaValidator validator = new DefaultJsonSchemaValidator();
    private final Map<String, Object> schema = schema();

    private static Map<String, Object> schema() {
        try {
            @SuppressWarnings("unchecked")
            Map<String, Object> read = JSON.readValue(SchemaCommand.text(), Map.class);
            return read;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void itIsASchemaItself() {
        assertThat(validator.validateSchema(schema))
                .extracting(ValidationResponse::valid)
                .isEqualTo(true);
    }

    @Test
    void everyRecordedDocumentThatReadsSatisfiesIt() throws IOException {
        List<String> refused = new ArrayList<>();
        int looked = 0;
        for (String file : List.of("validate.jsonl", "run.jsonl")) {
            for (String line : Files.readAllLines(VECTORS.resolve(file))) {
                JsonNode vector = JSON.readTree(line);
                String policy = vector.get("policy").asString();
                // The reader first: it has bounds, and the usual parser has none that hold.
                Optional<Object> document =
                        PolicyYaml.read(policy, "policy").isValid() ? parsed(policy) : Optional.empty();
                if (document.isPresent()) {
                    looked++;
                    ValidationResponse response = validator.validate(schema, document.get());
                    if (!response.valid()) {
                        refused.add(vector.get("id").asString() + ": " + response.errorMessage());
                    }
                }
            }
        }
        assertThat(refused).isEmpty();
        assertThat(looked).isGreaterThan(100);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{version: 1, default: deny, mode: audit, x-note: {a: 1}, hide: ['a*', 3], tools: {'*': null, x-n: 1}}",
                "{tools: {t: {require: [{path: args.a, op: eq, value: null}], deny_if: [{conditions: []}],"
                        + " hide: true}}}",
                "{tools: {t: {rules: [{action: allow, validate: {required_args: [a, b], schema: true,"
                        + " max_depth: 3}}]}}}",
                "{tools: {t: {rules: [{action: require_approval, approval_timeout: 1h30m, reason: 5, mode: audit}]}}}",
                "{tools: {t: {rules: [{spend: {per_call: 0.5, hourly: 1, daily: 2, weekly: 3, monthly: 4,"
                        + " from: args.a}}]}}}",
                "{tools: {t: {rules: [{state: {counter: c, window: week, increment: 2, charge: sent}}]}}}",
                "{tools: {t: {limits: [{counter: c, window: 90s, max: 2, scope: grant, algorithm: sliding_window,"
                        + " increment_from: args.n, on_deny: no}]}}}",
                "{tools: {t: {rules: [{rate_limit: {max: 10, window: 60, algorithm: token_bucket, scope: session}}]}}}",
                "{tools: {t: {require: [{path: args.a, op: eq, value_from: ctx.user}, {conditions: ["
                        + "{path: 'args.l[any].b', op: in, value_from: ctx.list, on_deny: no}]}]}}}",
                "{tools: {t: {require: [{path: args.a, op: custom.iban}, "
                        + "{path: args.a, op: custom.in-x.y_z, value: [1]},"
                        + " {path: args.a, op: custom.same, value_from: ctx.a}]}}}",
                "{tools: {t: {ask_if: [{conditions: []}, {path: args.a, op: gt, value: 5}]}}}",
                "{tools: {t: {rules: [{concurrent: 3}, {name: b, concurrent: {max: 2, scope: session, lease: 90s,"
                        + " per: [args.a, {path: ctx.b, fold: true}, call.identity, args]}}]}}}",
                "{tools: {t: {limits: [{counter: c, window: hour, max: 2, per: args.a, counts: failures}]}}}",
                "{categories: {read: {}, financial: null}, risks: {high+: {}, low: {}}, all_tools: {}}",
                "{methods: {'prompts/*': deny, ping: allow}, grants: {'bot-*': {default: allow, tools: {t: {}}}}}",
                "{context: [tenant, 5, true], default: deny}",
                "{tools: {t: {require: [{during: {days: [mon-fri, sun], hours: '09:00-18:00', zone: UTC}}]}}}",
                "{tools: {t: {deny_if: [{path: call.time, op: during, value: {hours: ['22:00-06:00',"
                        + " '12:00-24:00']}}]}}}",
                "{grants: {a: {during: {from: 2026-03-01, until: '2026-03-31T12:00:00+01:00', x-n: 1}}}}",
                "{tools: {t: {limits: [{counter: c, window: day, max: 2, zone: Europe/Berlin}],"
                        + " rules: [{rate_limit: {max: 1, window: week, zone: UTC}}]}}}",
                "{tools: {t: {rules: [{state: {counter: c, window: month, zone: Asia/Tokyo}}, {spend: {daily: 1,"
                        + " from: args.a, zone: Asia/Tokyo}}]}}}",
                "{tools: {t: {results: [{redact: [secrets, ibans, {pattern: a, with: b}], max_bytes: 10,"
                        + " on_exceed: cut, on_deny: no}, {name: n, mode: audit, require: [{path: result.text, op: eq,"
                        + " value: x}]}]}}}",
                "{context: []}",
                "{get_status: {}, list_items: {rules: [{action: deny}]}}",
            })
    void itTakesWhatTheReaderTakes(String policy) {
        assertThat(PolicyYaml.read(policy, "policy").errors()).isEmpty();
        ValidationResponse response = validator.validate(schema, parsed(policy).orElseThrow());
        assertThat(response.errorMessage()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{version: 2}",
                "{tolls: {t: {rules: []}}, default: allow}",
                "{default: maybe}",
                "{tools: {t: {rules: [{action: alow}]}}}",
                "{tools: {t: {rules: [{conditons: []}]}}}",
                "{tools: {t: {rules: [{conditions: [{path: args.a, op: eq}]}]}}}",
                "{tools: {t: {rules: [{conditions: [{path: args.a, op: equals, value: 1}]}]}}}",
                "{tools: {t: {require: [{path: args.a, op: eq, value: 1, value_from: ctx.a}]}}}",
                "{tools: {t: {require: [{path: args.a, op: eq, value_from: user}]}}}",
                "{tools: {t: {require: [{path: args.a, op: custom.}]}}}",
                "{tools: {t: {require: [{path: args.a, op: custom, value: 1}]}}}",
                "{tools: {t: {require: [{path: args.a, op: custom.a, value: 1, value_from: ctx.a}]}}}",
                "{tools: {t: {ask_if: {path: args.a, op: eq, value: 1}}}}",
                "{tools: {t: {rules: [{rate_limit: 5/fortnight}]}}}",
                "{tools: {t: {limits: [{counter: c, window: hour}]}}}",
                "{tools: {t: {rules: [{concurrent: {scope: tool}}]}}}",
                "{tools: {t: {limits: [{counter: c, window: hour, max: 2, per: state.t.c}]}}}",
                "{tools: {t: {limits: [{counter: c, window: hour, max: 2, counts: errors}]}}}",
                "{methods: {'tools/call': deny}}",
                "{categories: {reads: {}}}",
                "{tools: {t: {require: [{during: {zone: UTC}}]}}}",
                "{tools: {t: {require: [{during: {days: [mon]}, path: call.time}]}}}",
                "{tools: {t: {require: [{path: call.time, op: during, value: {hours: 9}}]}}}",
                "{grants: {a: {during: {days: mon}}}}",
                "[]",
            })
    void itRefusesMistakesThatAnEditorShouldShow(String policy) {
        assertThat(PolicyYaml.read(policy, "policy").isValid()).isFalse();
        assertThat(validator.validate(schema, parsed(policy).orElseThrow()).valid())
                .isFalse();
    }

    /** The reader lists the keys of a map when it meets one that is near to none of them. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            document   | {version: "1", %s}
            grant      | {grants: {a: {%s}}}
            entry      | {tools: {t: {hide: false, %s}}}
            rule       | {tools: {t: {rules: [{%s}]}}}
            condition  | {tools: {t: {require: [{path: args.a, op: eq, value: 1, %s}]}}}
            time_window | {grants: {a: {during: {%s}}}}
            block      | {tools: {t: {require: [{conditions: [], %s}]}}}
            rate_limit | {tools: {t: {rules: [{rate_limit: {%s}}]}}}
            state      | {tools: {t: {rules: [{state: {%s}}]}}}
            spend      | {tools: {t: {rules: [{spend: {%s}}]}}}
            concurrent | {tools: {t: {rules: [{concurrent: {%s}}]}}}
            limit      | {tools: {t: {limits: [{%s}]}}}
            validate   | {tools: {t: {rules: [{validate: {%s}}]}}}
            result     | {tools: {t: {results: [{%s}]}}}
            redaction  | {tools: {t: {results: [{redact: [{%s}]}]}}}
            method     | {methods: {resources/read: {%s}}}
            """)
    void itHasExactlyTheKeysThatTheReaderKnows(String definition, String template) {
        ReadResult reading = PolicyYaml.read(String.format(template, "qqqqqqqqqqqqqqq: 1"), "policy");
        Diagnostic unknown = reading.errors().stream()
                .filter(error -> error.code().equals("unknown-key"))
                .findFirst()
                .orElseThrow();
        assertThat(unknown.hint()).contains(" are ");
        String listed = unknown.hint().substring(unknown.hint().indexOf(" are ") + 5);
        Set<String> known = new TreeSet<>(List.of(listed.split(";", -1)[0].split(", ", -1)));
        assertThat(keys(definition)).isEqualTo(known);
    }

    @Test
    void itHasExactlyTheOperatorsAndAlgorithmsThatThereAre() {
        assertThat(words("condition", "properties", "op", "else"))
                .containsExactlyInAnyOrderElementsOf(Stream.of(Operator.values())
                        .filter(operator -> operator != Operator.CUSTOM)
                        .map(Operator::text)
                        .toList());
        assertThat(words("algorithm"))
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(Algorithm.values()).map(Algorithm::text).toList());
    }

    /** The words that one definition, or a part of it, allows. */
    private List<String> words(String... path) {
        Map<?, ?> part = (Map<?, ?>) schema.get("$defs");
        for (String step : path) {
            part = (Map<?, ?>) part.get(step);
        }
        return ((List<?>) part.get("enum")).stream().map(String.class::cast).toList();
    }

    private Set<String> keys(String definition) {
        Map<?, ?> definitions = (Map<?, ?>) schema.get("$defs");
        Map<?, ?> properties = (Map<?, ?>) ((Map<?, ?>) definitions.get(definition)).get("properties");
        Set<String> keys = new TreeSet<>();
        properties.keySet().forEach(key -> keys.add((String) key));
        return keys;
    }

    /** The document as an editor sees it; empty if its own reader takes it for something else. */
    private static Optional<Object> parsed(String policy) {
        try {
            Object document = new Load(LoadSettings.builder().build()).loadFromString(policy);
            return Optional.ofNullable(document);
        } catch (YamlEngineException | ClassCastException e) {
            return Optional.empty();
        }
    }
}
