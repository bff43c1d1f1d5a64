package dev.interlock.policy;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Generated conditions. Operands come from the same few values as arguments, so that equality, order and search all
 * come out either way, and wrong types are common.
 */
public final class ConditionArbitraries {

    private static final List<Object> SCALARS = Arrays.asList(
            0,
            1,
            5,
            new BigDecimal("5.0"),
            "5",
            "5.0",
            -1,
            new BigDecimal("0.5"),
            9007199254740992L,
            9007199254740993L,
            "admin",
            "Admin",
            "",
            true,
            "true",
            "True",
            false,
            null);

    /** Names that some servers, or people, take for those of the usual arguments. */
    private static final List<String> DISGUISES = List.of(
            "Amount",
            "\u0430mount",
            "am0unt",
            "To",
            "t\u043e",
            "to ",
            "\u200bto",
            "ITEMS",
            "Meta",
            "\uff50ath",
            "uri",
            "URL");

    private static final List<String> FILES = List.of(
            "/app/src/a.txt",
            "/app/src",
            "/app/srcx/a",
            "/app/src/../b",
            "/app//src/./a",
            "/app/src/%2e%2e/b",
            "/app\\src\\a",
            "app/src/a",
            "src/../src/a",
            "c:\\App\\a",
            "C:/app/../b",
            "/c/app/a",
            "/app/src/*",
            "/../app/src/a");

    private static final List<String> URLS = List.of(
            "https://example.com/a",
            "http://EXAMPLE.com:8080/",
            "https://example.com@evil.org/",
            "https://api.example.com./x",
            "https://evil.org#example.com",
            "http://10.1.2.3/",
            "http://[::ffff:10.1.2.3]/",
            "http://8.8.8.8/",
            "http://localhost/",
            "https://example.com/v1",
            "https://example.com:443/v1/x?y",
            "HTTPS://api.example.com/v1/./a/../b",
            "https://example.com/v1/../x",
            "https://example.com//v1/x",
            "https://example.com/V1/x",
            "https://example.com/v1%2Fx",
            "https://example.com/v1/%2e%2e/x",
            "https://example.com/v10",
            "wss://example.com/v1",
            "ftp://example.com/",
            "example.com");

    private static final List<String> MAILS = List.of(
            "ana@example.com",
            "Ana <ANA@Example.com>",
            "ana@api.example.com",
            "eve@evil.org",
            "eve@evil.org, ana@example.com",
            "eve@evil.org\n@example.com",
            "example.com");

    private static final List<String> COMMANDS = List.of(
            "git diff",
            "git  diff HEAD --stat ",
            "git 'diff' \"a b\"",
            "git diff 'a;b'",
            "git diff; id",
            "git diff $(id)",
            "git di\\ff",
            "git push origin feature/x.1",
            "git push origin feature/x..y",
            "git push origin feature/x:main",
            "git push --force origin",
            "X=1 git diff",
            "time git diff",
            "git diff 'a",
            "rm -rf /",
            "rm *");

    /** What the host says of calls. */
    private static final List<String> GIVEN =
            List.of("ctx.tenant", "ctx.limit", "ctx.list", "ctx.root", "ctx.hosts", "ctx.limit.id");

    /** Other values that conditions compare with. */
    private static final List<String> OTHERS = List.of(
            "args.amount", "args.to", "args.items.0.id", "args.meta.role", "call.identity", "tool.risk", "ctx.limit");

    /** The predicate of the host's that conditions ask. */
    public static final String PREDICATE = "same-text";

    private ConditionArbitraries() {}

    /** What the predicate says: whether both have the same JSON. It can't tell about lists and objects. */
    public static boolean hasSameText(Value value, Value operand) {
        if (value instanceof Value.Array || value instanceof ObjectValue) {
            throw new IllegalArgumentException("no scalar");
        }
        return value.json().equals(operand.json());
    }

    /** The scalars that arguments and operands are made of. */
    public static Arbitrary<Object> scalars() {
        return Arbitraries.of(SCALARS);
    }

    /** File paths, some of them tricky. */
    public static Arbitrary<String> files() {
        return Arbitraries.of(FILES);
    }

    /** URLs, some of them tricky. */
    public static Arbitrary<String> urls() {
        return Arbitraries.of(URLS);
    }

    /** Mail addresses, some of them tricky. */
    public static Arbitrary<String> mails() {
        return Arbitraries.of(MAILS);
    }

    /** Shell commands, some of them tricky. */
    public static Arbitrary<String> commands() {
        return Arbitraries.of(COMMANDS);
    }

    /** Scalars, and lists and objects of them. */
    public static Arbitrary<Object> values() {
        return Arbitraries.frequencyOf(
                Tuple.of(5, scalars()),
                Tuple.of(1, scalars().list().ofMaxSize(2).map(list -> list)),
                Tuple.of(1, scalars().map(item -> java.util.Collections.singletonMap("id", item))),
                Tuple.of(1, scalars().map(item -> List.of(java.util.Collections.singletonList(item)))));
    }

    static Arbitrary<Condition> any() {
        return Arbitraries.oneOf(usuallyTrue(), usuallyFalse());
    }

    static Arbitrary<Condition> usuallyTrue() {
        return Arbitraries.frequencyOf(Tuple.of(6, likely(true)), Tuple.of(1, random()));
    }

    static Arbitrary<Condition> usuallyFalse() {
        return Arbitraries.frequencyOf(Tuple.of(6, likely(false)), Tuple.of(1, random()));
    }

    /** Conditions of which most hold, or most don't, for the usual calls. */
    private static Arbitrary<Condition> likely(boolean truth) {
        List<Condition> holding = List.of(
                Condition.of("args.amount", Operator.LTE, 5),
                Condition.of("args.amount", Operator.NEQ, 9007199254740993L),
                Condition.of("args.items[*].id", Operator.EXISTS, true),
                Condition.of("args.secret", Operator.EXISTS, false),
                Condition.of("args.to", Operator.NOT_IN, List.of("admin")),
                Condition.of("args.to", Operator.NOT_REGEX, "(?i)^admin$"),
                Condition.of("args.to", Operator.MAX_LENGTH, 4),
                Condition.of("args.path", Operator.WITHIN_PATH, "/app/src"),
                Condition.of("args.url", Operator.HOST_IN, List.of("example.com", "*.example.com")),
                Condition.of("args.mail", Operator.MAIL_IN, List.of("example.com", "*.example.com")),
                Condition.of("args.url", Operator.URL_IN, List.of("https://example.com", "https://*.example.com")),
                Condition.of("args.command", Operator.COMMAND_IN, List.of("git diff **", "git push origin feature/*")),
                during(Map.of("until", "2026-04-01T00:10")),
                during(Map.of("days", List.of("mon-thu"), "zone", "Europe/Berlin")),
                Condition.of("call.identity", Operator.EXISTS, true),
                Condition.of("tool.risk", Operator.NEQ, "critical"),
                Condition.of("ctx.tenant", Operator.IN, List.of("red", "blue")),
                Condition.of(PolicyAssembly.SOME_COUNTER, Operator.LTE, 2),
                Condition.of(PolicyAssembly.GLOBAL_COUNTER, Operator.LT, 3));
        List<Condition> failing = List.of(
                Condition.of("args.amount", Operator.GT, 5),
                Condition.of("args.amount", Operator.EQ, 9007199254740993L),
                Condition.of("args.items[*].id", Operator.EQ, 5),
                Condition.of("args.items.0.id", Operator.GTE, 1),
                Condition.of("args.items[any].id", Operator.EQ, "admin"),
                Condition.of("args.secret", Operator.EXISTS, true),
                Condition.of("args.to", Operator.IN, List.of("admin", 5)),
                Condition.of("args.to", Operator.STARTS_WITH, "ad"),
                Condition.of("args.to", Operator.CONTAINS, "dmi"),
                Condition.of("args.path", Operator.REGEX, "\\.\\."),
                Condition.of("args.url", Operator.CONTAINS, "evil"),
                during(Map.of("hours", List.of("08:00-09:00", "23:59-00:00"))),
                during(Map.of("days", List.of("tue"), "hours", "22:00-01:30", "zone", "America/New_York")),
                Condition.of("call.session", Operator.EQ, "s3"),
                Condition.of("call.server", Operator.ENDS_WITH, "x"),
                Condition.of("tool.category", Operator.EQ, "financial"),
                Condition.of("ctx.tenant", Operator.EQ, "red"),
                Condition.of(PolicyAssembly.SOME_COUNTER, Operator.GTE, 2),
                Condition.of(PolicyAssembly.PAY_COUNTER, Operator.GT, 0));
        return Arbitraries.of(truth ? holding : failing);
    }

    private static Condition during(Map<String, ?> window) {
        return Condition.of("call.time", Operator.DURING, window);
    }

    /** Any path but the time, with any operator and whatever operand that takes, of the policy or of the call. */
    private static Arbitrary<Condition> random() {
        return Arbitraries.frequencyOf(
                Tuple.of(20, compared(paths())), Tuple.of(10, betweenTwo()), Tuple.of(1, asked()));
    }

    private static Arbitrary<Condition> compared(Arbitrary<String> paths) {
        return Arbitraries.of(Operator.class)
                .filter(operator -> operator != Operator.DURING && operator != Operator.CUSTOM)
                .flatMap(operator -> Combinators.combine(paths, operands(operator))
                        .as((path, operand) -> Condition.of(path, operator, operand)));
    }

    /** Conditions that ask a predicate of the host's, {@link #PREDICATE}. */
    private static Arbitrary<Condition> asked() {
        Arbitrary<Operand> operands = Arbitraries.oneOf(
                Arbitraries.of(1, 5, "admin").map(value -> Operand.custom(PREDICATE, Value.freeze(value))),
                Arbitraries.of("ctx.limit", "args.to").map(from -> Operand.custom(PREDICATE, Path.parse(from))));
        return Combinators.combine(paths(), operands)
                .as((path, operand) -> new Condition(Path.parse(path), Operator.CUSTOM, operand, null, Place.of(path)));
    }

    private static Arbitrary<Condition> betweenTwo() {
        Arbitrary<Operator> operators = Arbitraries.of(Operator.class)
                .filter(operator -> operator != Operator.CUSTOM && takesWhatTheHostSays(operator));
        Arbitrary<String> paths = Arbitraries.frequencyOf(
                Tuple.of(3, paths()), Tuple.of(1, Arbitraries.of("ctx.list", "ctx.tenant", "call.identity")));
        return Combinators.combine(operators, paths, Arbitraries.of(GIVEN), Arbitraries.of(OTHERS))
                .as((operator, path, given, other) ->
                        Condition.between(path, operator, takes(operator, other) ? other : given));
    }

    private static boolean takesWhatTheHostSays(Operator operator) {
        return takes(operator, GIVEN.get(0));
    }

    private static boolean takes(Operator operator, String from) {
        try {
            Operand.from(operator, Path.parse(from));
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Arbitrary<String> paths() {
        return Arbitraries.of(
                "args.amount",
                "args.to",
                "args.items",
                "args.items[*]",
                "args.items[*].id",
                "args.items[any]",
                "args.items[any].id",
                "args.items.0",
                "args.items.\"0\"",
                "args.meta.role",
                "args.\"a.b\"",
                "args.path",
                "args.url",
                "args.mail",
                "args.command");
    }

    private static Arbitrary<?> operands(Operator operator) {
        return switch (operator) {
            case EQ, NEQ -> values();
            case CONTAINS, NOT_CONTAINS -> values().filter(value -> value != null);
            case IN, NOT_IN -> values().list().ofMaxSize(3);
            case LT, LTE, GT, GTE -> Arbitraries.of(0, 5, new BigDecimal("0.5"), 9007199254740992L, -1);
            case REGEX, NOT_REGEX -> Arbitraries.of("admin$", "^5", "(?i)ADMIN", "", "[0-9]+", "/src/");
            case STARTS_WITH, ENDS_WITH -> Arbitraries.of("", "a", "min", "5", "/app");
            case EXISTS -> Arbitraries.of(true, false);
            case WITHIN_PATH ->
                Arbitraries.of("/app/src", "/app", "/", "C:\\app", Map.of("in", List.of("/app/src"), "base", "/app"));
            case HOST_IN ->
                Arbitraries.of(
                        List.of("example.com"),
                        List.of("*.example.com", "evil.org"),
                        List.of("10.0.0.0/8", "private"),
                        List.of());
            case MAIL_IN -> Arbitraries.of(List.of("example.com", "eve@evil.org"), List.of("*.example.com"), List.of());
            case URL_IN ->
                Arbitraries.of(
                        List.of("https://example.com/v1"),
                        List.of("https://*.example.com", "http://evil.org:8080/a/", "wss://example.com"),
                        List.of("http://10.1.2.3/", "https://example.com"),
                        List.of());
            case COMMAND_IN ->
                Arbitraries.of(
                        List.of("git diff **"),
                        List.of("git * !-", "git push * origin", "rm **"),
                        List.of("git ** !-", "g*"),
                        List.of());
            case DURING -> throw new AssertionError("on the time only");
            case MAX_LENGTH -> Arbitraries.of(0, 1, 5);
            case CUSTOM -> throw new AssertionError();
        };
    }

    /** What the host says of one call. */
    public static Arbitrary<Map<String, Object>> contexts() {
        Arbitrary<Map<String, Object>> member = Arbitraries.frequencyOf(
                Tuple.of(3, named("limit", values())),
                Tuple.of(2, named("list", scalars().list().ofMaxSize(3))),
                Tuple.of(1, named("list", values())),
                Tuple.of(1, named("root", Arbitraries.of("/app/src", "src", "C:\\app", 5))),
                Tuple.of(1, named("root", Arbitraries.just(Map.of("in", List.of("/app/src"), "base", "/app")))),
                Tuple.of(1, named("hosts", Arbitraries.of("example.com", "https://example.com", 5))),
                Tuple.of(1, named("hosts", Arbitraries.just(List.of("*.example.com", "private")))),
                Tuple.of(1, named("Limit", scalars())));
        return Combinators.combine(Arbitraries.of("red", "blue"), member.list().ofMaxSize(3))
                .as((tenant, members) -> {
                    Map<String, Object> all = new java.util.LinkedHashMap<>();
                    members.forEach(all::putAll);
                    all.put("tenant", tenant);
                    return all;
                });
    }

    /** The generated arguments of one call, by name. */
    public static Arbitrary<Map<String, Object>> arguments() {
        Arbitrary<Map<String, Object>> items = Arbitraries.frequencyOf(
                Tuple.of(12, scalars().map(id -> java.util.Collections.singletonMap("id", id))),
                Tuple.of(1, scalars().map(id -> java.util.Collections.singletonMap("Id", id))),
                Tuple.of(1, scalars().map(id -> Map.of("id", 5, "ID", String.valueOf(id)))));
        Arbitrary<Map<String, Object>> member = Arbitraries.frequencyOf(
                Tuple.of(
                        8,
                        named(
                                "amount",
                                Arbitraries.frequencyOf(
                                        Tuple.of(3, Arbitraries.of(1, 2, 0.5)), Tuple.of(1, values())))),
                Tuple.of(5, named("to", values())),
                Tuple.of(
                        3,
                        named(
                                "items",
                                Arbitraries.frequencyOf(
                                        Tuple.of(3, items.list().ofMaxSize(2)), Tuple.of(1, values())))),
                Tuple.of(2, named("meta", scalars().map(role -> java.util.Collections.singletonMap("role", role)))),
                Tuple.of(3, named("path", Arbitraries.frequencyOf(Tuple.of(4, files()), Tuple.of(1, values())))),
                Tuple.of(3, named("url", Arbitraries.frequencyOf(Tuple.of(4, urls()), Tuple.of(1, values())))),
                Tuple.of(3, named("mail", Arbitraries.frequencyOf(Tuple.of(4, mails()), Tuple.of(1, values())))),
                Tuple.of(3, named("command", Arbitraries.frequencyOf(Tuple.of(4, commands()), Tuple.of(1, values())))),
                Tuple.of(1, named("a.b", scalars())),
                Tuple.of(1, Arbitraries.of(DISGUISES).flatMap(name -> named(name, scalars()))),
                Tuple.of(1, named("secret", scalars())));
        return member.list().ofMaxSize(4).map(members -> {
            Map<String, Object> all = new java.util.LinkedHashMap<>();
            members.forEach(all::putAll);
            return all;
        });
    }

    private static Arbitrary<Map<String, Object>> named(String name, Arbitrary<?> values) {
        return values.map(value -> java.util.Collections.singletonMap(name, value));
    }
}
