package dev.interlock.policy;

import dev.interlock.policy.text.CommandPattern;
import dev.interlock.policy.text.HostName;
import dev.interlock.policy.text.WebUrl;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Checks which operands each operator takes. {@link Operand} compiles patterns, and so checks them itself. */
final class Operands {

    static final int MAX_PREDICATE = 64;

    private Operands() {}

    /** What is wrong with {@code operand} for {@code operator}, and what was expected. Empty if nothing is wrong. */
    static Optional<String> problem(Operator operator, Value operand) {
        return switch (operator) {
            case EQ, NEQ, CUSTOM -> Optional.empty();
            case IN, NOT_IN -> operand instanceof Value.Array ? Optional.empty() : wrong(operator, "a list", operand);
            case LT, LTE, GT, GTE ->
                operand instanceof NumberValue ? Optional.empty() : wrong(operator, "a number", operand);
            case CONTAINS, NOT_CONTAINS ->
                operand == Value.Nil.NULL ? wrong(operator, "a value", operand) : Optional.empty();
            case REGEX, NOT_REGEX, STARTS_WITH, ENDS_WITH ->
                operand instanceof Value.Text ? Optional.empty() : wrong(operator, "a string", operand);
            case EXISTS -> operand instanceof Value.Bool ? Optional.empty() : wrong(operator, "true or false", operand);
            case WITHIN_PATH -> Directories.problem(operand);
            case HOST_IN -> each(operator, operand, "a list of hosts", Operands::hostProblem);
            case MAIL_IN -> each(operator, operand, "a list of domains and mail addresses", Operands::mailProblem);
            case URL_IN -> each(operator, operand, "a list of URLs", Operands::urlProblem);
            case COMMAND_IN -> each(operator, operand, "a list of commands", Operands::commandProblem);
            case DURING -> parsed(() -> TimeWindow.of(operand));
            case MAX_LENGTH -> length(operand);
        };
    }

    /** Who may say what an operator compares with. */
    private enum OperandSource {
        /** Only the policy. */
        POLICY,
        /** The policy or the host. */
        HOST,
        /** The policy, the host or the call. */
        CALL
    }

    private static OperandSource source(Operator operator) {
        return switch (operator) {
            case EXISTS, REGEX, NOT_REGEX, DURING -> OperandSource.POLICY;
            case WITHIN_PATH, HOST_IN, MAIL_IN, URL_IN, COMMAND_IN -> OperandSource.HOST;
            case EQ,
                    NEQ,
                    IN,
                    NOT_IN,
                    LT,
                    LTE,
                    GT,
                    GTE,
                    CONTAINS,
                    NOT_CONTAINS,
                    STARTS_WITH,
                    ENDS_WITH,
                    MAX_LENGTH,
                    CUSTOM -> OperandSource.CALL;
        };
    }

    /** Why {@code operator} can't be compared with what stands at {@code from}. Empty if it can. */
    static Optional<String> problem(Operator operator, Path from) {
        OperandSource source = source(operator);
        if (source == OperandSource.POLICY) {
            return Optional.of("'" + operator.text() + "' can't take 'value_from'");
        }
        if (from.isTime()) {
            return Optional.of("'" + from + "' takes no operator but 'during'");
        }
        if (!from.isSingle()) {
            return Optional.of("'" + from + "' stands for several values, and 'value_from' is one");
        }
        return source == OperandSource.HOST && from.root() != Path.Root.CTX
                ? Optional.of("'" + operator.text() + "' takes 'value_from' only from ctx, not from '" + from + "'")
                : Optional.empty();
    }

    /** Whether policies can write this name of a predicate. */
    static boolean isPredicate(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!word && (i == 0 || (c != '.' && c != '_' && c != '-'))) {
                return false;
            }
        }
        return !name.isEmpty() && name.length() <= MAX_PREDICATE;
    }

    private static Optional<String> each(
            Operator operator, Value operand, String expected, Function<String, @Nullable String> problem) {
        for (Value item : operand instanceof Value.Array array ? array.items() : List.of(operand)) {
            if (!(item instanceof Value.Text text) || text.value().isBlank()) {
                return wrong(operator, expected, item);
            }
            String found = problem.apply(text.value());
            if (found != null) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    /** If this host were left out or could never match, no rule would forbid it. */
    private static @Nullable String hostProblem(String text) {
        if (IpNetwork.isMeant(text)) {
            return IpNetwork.parse(text) != null ? null : "'" + text + "' is not a network";
        }
        boolean below = text.startsWith("*.");
        String canonical = HostName.canonical(below ? text.substring(2) : text);
        return canonical != null && !(below && HostName.isAddress(canonical))
                ? null
                : "'" + text + "' is not a host name";
    }

    private static @Nullable String mailProblem(String text) {
        if (text.indexOf('@') >= 0) {
            MailAddress address = MailAddress.parse(text);
            return address != null && text.indexOf('<') < 0 ? null : "'" + text + "' is not a mail address";
        }
        String domain = MailAddress.domain(text.startsWith("*.") ? text.substring(2) : text);
        return domain == null ? "'" + text + "' is not a domain that receives mail" : null;
    }

    /** The engine checks whether the path has a meaning. */
    private static @Nullable String urlProblem(String text) {
        String quoted = "'" + text + "'";
        WebUrl url = WebUrl.parse(text);
        if (url == null) {
            return quoted + " is not an absolute http, https, ws or wss URL";
        }
        if (url.user() != null) {
            return quoted + " has user-info, and no URL with user-info is inside";
        }
        if (url.hasQueryOrFragment()) {
            return quoted + " has a query or a fragment, which is not compared";
        }
        if (IpNetwork.parse(url.host() + url.path()) != null) {
            return quoted + " is a network, and not a URL";
        }
        return hostProblem(url.host());
    }

    private static @Nullable String commandProblem(String text) {
        return parsed(() -> CommandPattern.parse(text)).orElse(null);
    }

    /** What is wrong with what {@code parser} reads. */
    private static Optional<String> parsed(Supplier<?> parser) {
        try {
            Object unused = parser.get();
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static Optional<String> length(Value operand) {
        if (operand instanceof NumberValue number
                && number.typeName().equals("integer")
                && number.compareTo(NumberValue.of(0)) >= 0) {
            return Optional.empty();
        }
        return operand instanceof NumberValue number
                ? Optional.of("'max_length' takes a whole number of at least 0, not " + number.json())
                : wrong(Operator.MAX_LENGTH, "a whole number of at least 0", operand);
    }

    static Optional<String> wrong(Operator operator, String expected, Value operand) {
        return Optional.of("'" + operator.text() + "' takes " + expected + ", not " + article(operand.typeName()));
    }

    static String article(String noun) {
        if (noun.equals("null")) {
            return noun;
        }
        return ("aeiou".indexOf(noun.charAt(0)) >= 0 ? "an " : "a ") + noun;
    }
}
