package dev.interlock.policy.yaml;

import dev.interlock.policy.Block;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Operator;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.engine.Comparison;
import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.Suggestion;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads conditions, and the items of {@code require}, {@code deny_if} and {@code ask_if}. */
final class ConditionReader {

    private static final Map<String, Operator> OPERATORS = operators();

    /** What other languages call the operators. */
    private static final Map<String, String> OPERATOR_SYNONYMS = Map.ofEntries(
            Map.entry("=", "eq"),
            Map.entry("==", "eq"),
            Map.entry("equals", "eq"),
            Map.entry("is", "eq"),
            Map.entry("!=", "neq"),
            Map.entry("<>", "neq"),
            Map.entry("ne", "neq"),
            Map.entry("not_eq", "neq"),
            Map.entry("<", "lt"),
            Map.entry("<=", "lte"),
            Map.entry("le", "lte"),
            Map.entry(">", "gt"),
            Map.entry(">=", "gte"),
            Map.entry("ge", "gte"),
            Map.entry("=~", "regex"),
            Map.entry("like", "regex"),
            Map.entry("match", "regex"),
            Map.entry("matches", "regex"),
            Map.entry("one_of", "in"),
            Map.entry("nin", "not_in"),
            Map.entry("prefix", "starts_with"),
            Map.entry("suffix", "ends_with"),
            Map.entry("present", "exists"),
            Map.entry("within", "within_path"),
            Map.entry("path_in", "within_path"),
            Map.entry("host", "host_in"),
            Map.entry("ip_in", "host_in"),
            Map.entry("cidr", "host_in"),
            Map.entry("mail", "mail_in"),
            Map.entry("email", "mail_in"),
            Map.entry("email_in", "mail_in"),
            Map.entry("url", "url_in"),
            Map.entry("uri", "url_in"),
            Map.entry("uri_in", "url_in"),
            Map.entry("url_prefix", "url_in"),
            Map.entry("within_url", "url_in"),
            Map.entry("command", "command_in"),
            Map.entry("commands", "command_in"),
            Map.entry("cmd_in", "command_in"),
            Map.entry("shell_in", "command_in"),
            Map.entry("exec_in", "command_in"),
            Map.entry("within_time", "during"),
            Map.entry("time_in", "during"),
            Map.entry("custom", "custom.<name>"),
            Map.entry("maxLength", "max_length"));

    private static final Set<String> OPERATORS_OF_INTERCEPT =
            Set.of("eq", "neq", "in", "not_in", "lt", "lte", "gt", "gte", "regex", "contains", "exists");

    /** The operators whose items are checked one by one, each at its own place. */
    private static final Set<Operator> LISTING =
            EnumSet.of(Operator.HOST_IN, Operator.WITHIN_PATH, Operator.MAIL_IN, Operator.URL_IN, Operator.COMMAND_IN);

    /** A placeholder for checks that only look at the operand. */
    private static final Path ANY_PATH = Path.parse("args.a");

    private static final Path CALL_TIME = Path.parse("call.time");

    private final ReadContext context;
    private final PathExpressionReader paths;
    private final TimeWindowReader windows;

    ConditionReader(ReadContext context, PathExpressionReader paths) {
        this.context = context;
        this.paths = paths;
        this.windows = new TimeWindowReader(context);
    }

    /** Which way a condition decides when it holds, for advice about conditions that are easily misread. */
    enum ConditionUse {
        ALLOWS,
        DENIES,
        ASKS
    }

    /** A list of conditions; null if any of them is broken. */
    @Nullable
    List<Condition> list(Node node, NodePath at, EntryKey owner, ConditionUse use) {
        if (!(node instanceof Node.Sequence sequence)) {
            context.scalars.wrongType(node, at, "conditions", "a list");
            return null;
        }
        List<Condition> conditions = new ArrayList<>(sequence.items().size());
        boolean whole = true;
        for (int i = 0; i < sequence.items().size(); i++) {
            Condition condition = condition(sequence.items().get(i), at.item(i), owner, use);
            whole &= condition != null;
            if (condition != null) {
                conditions.add(condition);
            }
        }
        return whole ? conditions : null;
    }

    /** The items of {@code require}, {@code deny_if} or {@code ask_if}. */
    List<Block> blocks(Node node, NodePath at, String what, EntryKey owner, ConditionUse use) {
        if (!(node instanceof Node.Sequence sequence)) {
            context.scalars.wrongType(node, at, what, "a list");
            return List.of();
        }
        List<Block> blocks = new ArrayList<>(sequence.items().size());
        for (int i = 0; i < sequence.items().size(); i++) {
            Block block = block(sequence.items().get(i), at.item(i), owner, use);
            if (block != null) {
                blocks.add(block);
            }
        }
        return blocks;
    }

    private @Nullable Block block(Node node, NodePath at, EntryKey owner, ConditionUse use) {
        if (!(node instanceof Node.Mapping map)) {
            notACondition(node, at, "a condition or a block");
            return null;
        }
        if (map.pair("conditions") == null && looksLikeCondition(map)) {
            Condition condition = condition(node, at, owner, use);
            return condition == null ? null : new Block(List.of(condition), null, ReadContext.place(node, at));
        }
        Fields fields = Fields.of(Keys.BLOCK, map, at, context.findings, Hints.IGNORED);
        Node conditionsNode = Hints.required(fields, "conditions", context.findings);
        List<Condition> conditions =
                conditionsNode == null ? null : list(conditionsNode, at.key("conditions"), owner, use);
        String message = message(fields);
        return conditions == null ? null : new Block(conditions, message, ReadContext.place(node, at));
    }

    private static boolean looksLikeCondition(Node.Mapping map) {
        for (String key : List.of("path", "op", "value", "value_from", "during")) {
            if (map.pair(key) != null) {
                return true;
            }
        }
        return false;
    }

    private void notACondition(Node node, NodePath at, String expected) {
        if (node instanceof Node.Scalar scalar && scalar.isNull()) {
            context.findings.error("null-value", node, at, "there is no condition here", Hints.DROPPED);
        } else {
            context.scalars.wrongType(node, at, "an item", expected + " ({path, op, value})");
        }
    }

    private @Nullable Condition condition(Node node, NodePath at, EntryKey owner, ConditionUse use) {
        if (!(node instanceof Node.Mapping map)) {
            notACondition(node, at, "a condition");
            return null;
        }
        Fields fields = Fields.of(Keys.CONDITION, map, at, context.findings, Hints.IGNORED);
        Node during = fields.get("during");
        if (during != null) {
            return during(fields, during);
        }
        Node pathNode = Hints.required(fields, "path", context.findings);
        Node opNode = Hints.required(fields, "op", context.findings);
        boolean fromCall = fields.has("value_from");
        boolean asksHost = opNode instanceof Node.Scalar scalar && scalar.text().startsWith(Operator.CUSTOM_PREFIX);
        String predicate = opNode != null && asksHost ? predicate(opNode, at.key("op")) : null;
        Node valueNode = fromCall || asksHost ? fields.get("value") : Hints.required(fields, "value", context.findings);
        Path path = pathNode == null ? null : paths.path(pathNode, at.key("path"), "path");
        Operator operator = opNode == null || asksHost ? null : operator(opNode, at.key("op"));
        if (path != null && pathNode != null && path.root() == Path.Root.SESSION) {
            context.marks.read(path, allows(use, operator, valueNode), pathNode, at.key("path"));
        }
        if (path != null && pathNode != null && path.root() == Path.Root.STATE) {
            owner.counters().reference(owner, path, pathNode, at.key("path"));
        }
        if (fromCall) {
            return between(path, predicate == null ? operator : Operator.CUSTOM, predicate, fields, owner, use, node);
        }
        if (asksHost) {
            return custom(path, predicate, fields, use, node);
        }
        Value operand = valueNode == null ? null : operand(operator, valueNode, at.key("value"));
        String message = ownMessage(fields);
        if (operator == null || operand == null || valueNode == null) {
            return null;
        }
        if (isRegex(operator)
                && operand instanceof Value.Text pattern
                && !counted(pattern, valueNode, at.key("value"))) {
            return null;
        }
        if (path == null) {
            operator.problemWith(operand)
                    .ifPresent(problem -> badOperand(operator, operand, problem, valueNode, at.key("value")));
            return null;
        }
        noteRoot(path);
        return build(path, operator, operand, message, node, at, valueNode, use);
    }

    /** A condition that compares two values of one call; null if it is broken. */
    private @Nullable Condition between(
            @Nullable Path path,
            @Nullable Operator operator,
            @Nullable String predicate,
            Fields fields,
            EntryKey owner,
            ConditionUse use,
            Node node) {
        Node.Pair pair = Objects.requireNonNull(fields.pair("value_from"));
        NodePath at = fields.at("value_from");
        context.intercept.ignores("'value_from'", pair.key(), at);
        boolean whole = !fields.has("value");
        if (!whole) {
            context.findings.error(
                    "conflict",
                    pair.key(),
                    at,
                    "'value' and 'value_from' both say what is compared with",
                    "keep one of them");
        }
        Path from = paths.path(pair.value(), at, "value_from");
        context.marks.read(from, allows(use, operator, null), pair.value(), at);
        if (from != null && from.root() == Path.Root.STATE) {
            owner.counters().reference(owner, from, pair.value(), at);
        }
        String message = ownMessage(fields);
        if (from == null || operator == null) {
            return null;
        }
        Operand operand;
        try {
            operand = predicate == null ? Operand.from(operator, from) : Operand.custom(predicate, from);
        } catch (IllegalArgumentException e) {
            context.findings.error(
                    "bad-operand", pair.value(), at, String.valueOf(e.getMessage()), fromHint(operator, from));
            return null;
        }
        if (path == null || !whole) {
            return null;
        }
        noteRoot(path);
        if (isOfCaller(path) && isOfCaller(from)) {
            context.findings.warn(
                    "value-from-caller",
                    pair.value(),
                    at,
                    "the caller chooses both values that are compared here",
                    "to hold the caller to something, compare with what the host says, such as ctx.user");
        }
        return checked(path, operator, operand, message, fields, use, node);
    }

    /** A condition that asks a predicate of the host's; null if it is broken. */
    private @Nullable Condition custom(
            @Nullable Path path, @Nullable String predicate, Fields fields, ConditionUse use, Node node) {
        Node valueNode = fields.get("value");
        Value value = valueNode == null ? Value.Nil.NULL : context.scalars.value(valueNode, fields.at("value"));
        String message = ownMessage(fields);
        if (path == null || value == null || predicate == null) {
            return null;
        }
        return checked(path, Operator.CUSTOM, Operand.custom(predicate, value), message, fields, use, node);
    }

    /** A condition whose operand is whole; null if it doesn't go with the path. */
    private @Nullable Condition checked(
            Path path,
            Operator operator,
            Operand operand,
            @Nullable String message,
            Fields fields,
            ConditionUse use,
            Node node) {
        Condition condition;
        try {
            condition = new Condition(path, operator, operand, message, ReadContext.place(node, fields.at()));
        } catch (IllegalArgumentException e) {
            Node.Pair op = Objects.requireNonNull(fields.pair("op"));
            context.findings.error(
                    "bad-operand", op.value(), fields.at("op"), String.valueOf(e.getMessage()), "write {during: {…}}");
            return null;
        }
        adviseOnElements(condition, node, fields.at(), use);
        return condition;
    }

    /** The name of the host's predicate that an operator asks; null if it is broken, or nothing may be asked here. */
    private @Nullable String predicate(Node node, NodePath at) {
        String text = context.scalars.text(node, at, "op");
        if (text == null) {
            return null;
        }
        context.intercept.refuses();
        if (context.ofMethod) {
            context.findings.error(
                    "bad-value",
                    node,
                    at,
                    "the host can't be asked about a request that is not a tool call",
                    "compare params.<name> with what the policy says, or by value_from with ctx.<key>");
            return null;
        }
        String name = text.substring(Operator.CUSTOM_PREFIX.length());
        try {
            Operand.custom(name, Value.Nil.NULL);
            return name;
        } catch (IllegalArgumentException e) {
            context.findings.error("bad-value", node, at, String.valueOf(e.getMessage()), null);
            return null;
        }
    }

    private static String fromHint(Operator operator, Path from) {
        if (!from.isSingle()) {
            return "name one value";
        }
        return switch (operator) {
            case EXISTS -> "write value: true or value: false";
            case REGEX, NOT_REGEX -> "write the pattern under 'value'";
            default -> "a caller could list what it wants to reach; let the host say it, as ctx.<key>";
        };
    }

    /** Whether a call passes because of what a condition reads, and not because of what it doesn't find. */
    private boolean allows(ConditionUse use, @Nullable Operator operator, @Nullable Node value) {
        if (context.ofResult || operator == null) {
            return false;
        }
        boolean absent = operator == Operator.EXISTS
                && value instanceof Node.Scalar scalar
                && scalar.text().equals("false");
        boolean positive = MarkNames.isPositive(operator) && !absent;
        return switch (use) {
            case ALLOWS -> positive;
            case DENIES -> !positive;
            case ASKS -> false;
        };
    }

    private void noteRoot(Path path) {
        if (path.root() != Path.Root.ARGS && path.root() != Path.Root.STATE) {
            context.intercept.refuses();
        }
    }

    private @Nullable String ownMessage(Fields fields) {
        String message = message(fields);
        if (message != null) {
            context.intercept.ignores("'on_deny' of a condition", fields.map(), fields.at("on_deny"));
        }
        return message;
    }

    /** The short form of a condition on the time. */
    private @Nullable Condition during(Fields fields, Node node) {
        boolean whole = true;
        for (String key : List.of("path", "op", "value", "value_from")) {
            Node.Pair pair = fields.pair(key);
            if (pair != null) {
                whole = false;
                context.findings.error(
                        "conflict",
                        pair.key(),
                        fields.at(key),
                        "'during' says the whole condition, so '" + key + "' has no place beside it",
                        "write {during: {…}}, or {path: call.time, op: during, value: {…}}");
            }
        }
        context.intercept.refuses();
        TimeWindow window = windows.window(node, fields.at("during"), "during");
        String message = message(fields);
        return window == null || !whole
                ? null
                : new Condition(
                        CALL_TIME,
                        Operator.DURING,
                        window.value(),
                        message,
                        ReadContext.place(fields.map(), fields.at()));
    }

    private static boolean isOfCaller(Path path) {
        return path.root() == Path.Root.ARGS || path.root() == Path.Root.PARAMS;
    }

    private static boolean isRegex(Operator operator) {
        return operator == Operator.REGEX || operator == Operator.NOT_REGEX;
    }

    /** Whether there is room for another pattern, valid or not. The first pattern without room is reported. */
    private boolean counted(Value.Text pattern, Node node, NodePath at) {
        if (context.hasTooManyPatterns()) {
            return false; // Already reported. Compiling the remaining patterns would cost what the bound prevents.
        }
        if (context.addPattern(pattern.value())) {
            return true;
        }
        context.findings.error(
                "bad-regex",
                node,
                at,
                "the patterns up to this one are too large in all when their repetitions are written out",
                "take repetitions such as {1000} out, or use max_length");
        return false;
    }

    private @Nullable Condition build(
            Path path,
            Operator operator,
            Value operand,
            @Nullable String message,
            Node node,
            NodePath at,
            Node valueNode,
            ConditionUse use) {
        if (!operandMakesSense(operator, operand, valueNode, at.key("value"))) {
            return null;
        }
        Condition condition;
        try {
            condition = new Condition(path, operator, operand, message, ReadContext.place(node, at));
            if (operator == Operator.WITHIN_PATH) {
                // Checks that the directories are consistent with each other.
                Comparison.of(condition);
            }
        } catch (IllegalArgumentException e) {
            badOperand(operator, operand, String.valueOf(e.getMessage()), valueNode, at.key("value"));
            return null;
        }
        BypassAdvice.check(condition, use, valueNode, at.key("value"), context.findings);
        if (use == ConditionUse.ALLOWS && operator == Operator.COMMAND_IN) {
            CommandAdvice.check(condition.operand().texts(), valueNode, at.key("value"), context.findings);
        }
        adviseOnElements(condition, node, at, use);
        return condition;
    }

    private void adviseOnElements(Condition condition, Node node, NodePath at, ConditionUse use) {
        if (use != ConditionUse.ALLOWS
                && condition.path().steps().stream().anyMatch(Path.Step.Every.class::isInstance)) {
            context.findings.warn(
                    "every-element",
                    node,
                    at,
                    "'[*]' holds only if every element does, so this "
                            + (use == ConditionUse.DENIES ? "denies only calls" : "asks only about calls")
                            + " in which all elements match",
                    use == ConditionUse.DENIES
                            ? "write '[any]' to deny a call with any such element"
                            : "write '[any]' to be asked about a call with any such element");
        }
    }

    private void badOperand(Operator operator, Value operand, String problem, Node node, NodePath at) {
        boolean regex = operator == Operator.REGEX || operator == Operator.NOT_REGEX;
        if (regex && operand instanceof Value.Text pattern) {
            context.findings.error("bad-regex", node, at, problem, regexHint(pattern.value()));
        } else {
            context.findings.error("bad-operand", node, at, problem, operandHint(operator, operand));
        }
    }

    static @Nullable String regexHint(String pattern) {
        if (OperandForms.LOOK_AROUND.matcher(pattern).find()) {
            return "RE2 can't look ahead or behind; use two conditions, or not_regex";
        }
        return OperandForms.BACK_REFERENCE.matcher(pattern).find() ? "RE2 has no back-references" : null;
    }

    private static @Nullable String operandHint(Operator operator, Value operand) {
        return switch (operator) {
            case IN, NOT_IN ->
                operand instanceof Value.Text || operand instanceof Value.Bool
                        ? "write value: [ … ], or use eq"
                        : "write value: [ … ]";
            case LT, LTE, GT, GTE ->
                operand instanceof Value.Text text
                                && ScalarKind.of(text.value()).isNumber()
                        ? "take the quotes away"
                        : null;
            case STARTS_WITH, ENDS_WITH, REGEX, NOT_REGEX -> "quote it";
            default -> null;
        };
    }

    /** Finds operands of the right type that can never match. A {@code deny_if} with one of these would never deny. */
    private boolean operandMakesSense(Operator operator, Value operand, Node node, NodePath at) {
        if (operator == Operator.WITHIN_PATH
                && node instanceof Node.Mapping map
                && operand instanceof ObjectValue value) {
            boolean sense = true;
            for (String name : List.of("in", "base")) {
                Node.Pair pair = map.pair(name);
                Value part = value.get(name);
                sense &= pair == null || part == null || itemsMakeSense(operator, part, pair.value(), at.key(name));
            }
            return sense;
        }
        return !LISTING.contains(operator) || itemsMakeSense(operator, operand, node, at);
    }

    private boolean itemsMakeSense(Operator operator, Value operand, Node node, NodePath at) {
        List<Value> items = operand instanceof Value.Array array ? array.items() : List.of(operand);
        boolean sense = true;
        for (int i = 0; i < items.size(); i++) {
            if (!(items.get(i) instanceof Value.Text item) || item.value().isBlank()) {
                continue;
            }
            String problem = problem(operator, item);
            if (problem == null) {
                continue;
            }
            sense = false;
            boolean list = node instanceof Node.Sequence;
            context.findings.error(
                    "bad-operand",
                    list ? ((Node.Sequence) node).items().get(i) : node,
                    list ? at.item(i) : at,
                    problem,
                    itemHint(operator, item.value()));
        }
        return sense;
    }

    private static @Nullable String problem(Operator operator, Value.Text item) {
        String text = item.value();
        if (operator == Operator.WITHIN_PATH
                && !OperandForms.ABSOLUTE_PATH.matcher(text).matches()) {
            return "'within_path' takes an absolute path, not " + Display.quoted(text);
        }
        if (operator == Operator.HOST_IN && !isHostLike(text)) {
            return Display.quoted(text) + " is not a host name";
        }
        try {
            // Finds now, rather than at the first call, what the engine can't use.
            Comparison.of(new Condition(ANY_PATH, operator, item, null, Place.of("")));
            return null;
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static boolean isHostLike(String text) {
        return OperandForms.HOST.matcher(text).matches()
                || OperandForms.NETWORK.matcher(text).matches();
    }

    private static @Nullable String itemHint(Operator operator, String text) {
        return switch (operator) {
            case MAIL_IN ->
                text.startsWith("@") || text.startsWith("*@")
                        ? "write the domain alone: " + text.substring(text.indexOf('@') + 1)
                        : "write ana@example.com for one address, example.com or *.example.com for all of a domain";
            case WITHIN_PATH ->
                OperandForms.ABSOLUTE_PATH.matcher(text).matches()
                        ? null
                        : "a relative path means another directory in every process";
            case URL_IN -> urlHint(text);
            case COMMAND_IN ->
                "write plain words, and put what a shell would act on in quotes: '*' is one word, a last '**' any"
                        + " number of them, and '!-' behind that forbids options";
            default -> hostHint(text);
        };
    }

    private static String urlHint(String text) {
        if (OperandForms.URL_OF_NETWORK.matcher(text).matches()) {
            return "use host_in for a network; write a slash at the end if the number is the name of a path";
        }
        return "write scheme, host and path, without user-info, query and fragment: https://example.com/v1/"
                + " or https://*.example.com:8443/";
    }

    private static String hostHint(String text) {
        if (OperandForms.NETWORK.matcher(text).matches()) {
            return "write its first address and the number of bits that all its addresses have in common: 10.0.0.0/8";
        }
        if (!isHostLike(text)) {
            return "write it without scheme, port and path: example.com or *.example.com";
        }
        return text.startsWith("*.") && HostName.canonical(text.substring(2)) != null
                ? "only names have others below them; write a network of addresses as 10.0.0.0/8"
                : "programs differ on what it means: write a name in punycode (xn--…), an address in"
                        + " decimal, IPv6 in brackets";
    }

    private @Nullable Operator operator(Node node, NodePath at) {
        String text = context.scalars.text(node, at, "op");
        if (text == null) {
            return null;
        }
        Operator operator = OPERATORS.get(text);
        if (operator == null) {
            String nearest = nearestOperator(text);
            context.findings.error(
                    "bad-value",
                    node,
                    at,
                    "there is no operator " + Display.quoted(text),
                    nearest != null
                            ? "did you mean '" + nearest + "'?"
                            : "the operators are " + String.join(", ", operatorNames()));
            return null;
        }
        if (!OPERATORS_OF_INTERCEPT.contains(text)) {
            context.intercept.refuses();
        }
        return operator;
    }

    private static @Nullable String nearestOperator(String text) {
        String synonym = OPERATOR_SYNONYMS.get(text);
        if (synonym != null) {
            return synonym;
        }
        List<String> candidates = new ArrayList<>(OPERATORS.keySet());
        candidates.addAll(OPERATOR_SYNONYMS.keySet());
        String nearest = Suggestion.to(text, candidates);
        return nearest == null ? null : OPERATOR_SYNONYMS.getOrDefault(nearest, nearest);
    }

    private static List<String> operatorNames() {
        List<String> names = new ArrayList<>();
        for (Operator operator : Operator.values()) {
            names.add(operator.text());
        }
        return names;
    }

    private @Nullable Value operand(@Nullable Operator operator, Node node, NodePath at) {
        if (operator == Operator.EXISTS && node instanceof Node.Scalar scalar && !scalar.isNull()) {
            Boolean exists = context.scalars.bool(node, at, "the value of 'exists'");
            return exists == null ? null : Value.Bool.of(exists);
        }
        if (operator == Operator.WITHIN_PATH && node instanceof Node.Mapping map) {
            return directories(map, at);
        }
        if (operator == Operator.DURING) {
            TimeWindow window = windows.window(node, at, "the value of 'during'");
            return window == null ? null : window.value();
        }
        return context.scalars.value(node, at);
    }

    private @Nullable Value directories(Node.Mapping map, NodePath at) {
        Fields fields = Fields.of(Keys.DIRECTORIES, map, at, context.findings, null);
        boolean whole = Hints.required(fields, "in", context.findings) != null;
        Map<String, Value> members = new LinkedHashMap<>();
        for (Node.Pair pair : map.pairs()) {
            if (Keys.DIRECTORIES.contains(pair.name())) {
                Value member = context.scalars.value(pair.value(), at.key(pair.name()));
                whole &= member != null;
                if (member != null) {
                    members.put(pair.name(), member);
                }
            }
        }
        return whole ? ObjectValue.of(members) : null;
    }

    private @Nullable String message(Fields fields) {
        Node node = fields.get("on_deny");
        return node == null ? null : context.scalars.message(node, fields.at("on_deny"), "on_deny");
    }

    private static Map<String, Operator> operators() {
        Map<String, Operator> all = new TreeMap<>();
        for (Operator operator : Operator.values()) {
            if (operator != Operator.CUSTOM) {
                all.put(operator.text(), operator);
            }
        }
        return all;
    }

    /** The form that some operands must have. Compiled when the first such operand is read. */
    private static final class OperandForms {
        /** A host name, or {@code *.} and a host name: no scheme, user, port or path. */
        static final Pattern HOST = Pattern.compile("(?:\\*\\.)?(?:[^\\s/@:*?#\\[\\]]+|\\[[0-9a-fA-F:.]+\\])");

        /** Looks like a network in CIDR form, valid or not. */
        static final Pattern NETWORK = Pattern.compile("[^/]+/[0-9]+");

        /** A URL that is a network in CIDR form but for its scheme. */
        static final Pattern URL_OF_NETWORK = Pattern.compile("[a-zA-Z]+://[0-9a-fA-F.:\\[\\]]+/[0-9]+");

        static final Pattern LOOK_AROUND = Pattern.compile("\\(\\?<?[=!]");
        static final Pattern BACK_REFERENCE = Pattern.compile("\\\\[1-9]|\\\\k<|\\(\\?P=");

        static final Pattern ABSOLUTE_PATH = Pattern.compile("(?:/|[A-Za-z]:[\\\\/]|\\\\\\\\).*", Pattern.DOTALL);

        private OperandForms() {}
    }
}
