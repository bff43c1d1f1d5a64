package dev.interlock.policy.engine;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Condition;
import dev.interlock.policy.Operand;
import dev.interlock.policy.Window;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.Decision;
import dev.interlock.policy.call.RuleRef;
import dev.interlock.policy.limit.LimitRule;
import dev.interlock.policy.text.LookAlikes;
import dev.interlock.policy.text.NamePattern;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.Value;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The messages that an agent receives if the policy has no message of its own. Each one names what was refused and what
 * would be accepted. None quotes an argument's value.
 */
final class Messages {

    private static final int MAX_LISTED = 12;

    static final String RESULT_UNREADABLE = "The result could not be judged by the policy, so it is withheld.";

    static final String RESULT_UNCLEAR =
            "The result has a member whose name only looks like one that is judged, so it is withheld.";

    static final String RESULT_LATE = "The result came after the call had ended, so it is withheld.";

    static final String TOO_MANY_SESSIONS =
            "The call would mark its session, and no more sessions can have marks now, so it is not made.";

    static final String MEMORY_UNAVAILABLE =
            "What the session has seen could not be looked up or noted, so the call is not made.";

    static final String MARK_LOST =
            "The result is withheld, because what the session has seen could not be noted. The call has run.";

    static final String FAILURE = "The call could not be checked against the policy, and so is not made.";

    static final String LIMITER_UNAVAILABLE =
            "The call's limits can't be counted at the moment, and so it is not made.";

    static final String TOO_MANY_KEYS =
            "Too many different tools, sessions or values are being counted for this caller at the moment,"
                    + " and so the call is not made. Calls that are like earlier ones go on.";

    static final String AUDIT_UNAVAILABLE = "The call can't be recorded at the moment, and so it is not made.";

    /** Why no person is asked about a notification. */
    static final String NOTIFICATION = "a notification can't wait for a person";

    /** Why no person is asked about a request whose caller doesn't wait. */
    static final String UNWAITED = "it can't wait for a person here";

    /** Why no person is asked about what a server asks for in an answer. */
    static final String WITHIN_ANSWER = "an answer of a server's can't wait for a person";

    /** Why no person is asked about a request whose parameters are not known. */
    static final String UNREADABLE = "its parameters can't be read, so no one can agree to them";

    private static final String BEGUN = "The request had begun, and what came of it is not known.";

    private Messages() {}

    /** What an agent is told of a suspension that has no text of its own. */
    static final String SUSPENDED =
            "All calls are suspended at the moment. Don't try again before a person asks you to.";

    /** What an agent is told while it can't be read whether calls are suspended. */
    static final String SUSPENSION_UNKNOWN =
            "It can't be told at the moment whether calls are suspended, so none is made. You may try again later.";

    static String noSession(RuleRef rule) {
        return "The call would mark its session (rule '" + rule.name() + "'), and it belongs to none.";
    }

    static String unusableMark(RuleRef rule) {
        return "A value that the call would note for its session (rule '" + rule.name()
                + "') can't be told, or is too long.";
    }

    static String tooManyValues(RuleRef rule) {
        return "The session already has as many values as can be noted by rule '" + rule.name() + "'.";
    }

    static String malformed(String problem) {
        return "The call is not made: " + problem + ".";
    }

    static String name(String defect) {
        return "The call is not made: the tool's name " + defect + ".";
    }

    static final String TOOL_AS_METHOD = "Tools can't be called in this way.";

    static final String NO_METHOD = "A request that can't be read is not made.";

    static final String EMBEDDED_UNKNOWN =
            "The server's answer asks for something that no answer may ask for. " + BEGUN;

    static String methodName(String defect) {
        return "The request is not made: its method " + defect + ".";
    }

    static String embedded(String method, Decision denied) {
        return "The server's answer asks for '" + method + "'. " + sentence(denied) + ' ' + BEGUN;
    }

    static String input(String tool, RuleRef rule) {
        return "The server asks for input before it completes the call to '" + tool
                + "', which the policy does not allow (rule '" + rule.name() + "'). " + BEGUN;
    }

    static String unwrap(String tool, String problem, RuleRef rule) {
        return "The call to '" + tool + "' is not made: " + problem + " (rule '" + rule.name() + "').";
    }

    static String task(String tool, RuleRef rule) {
        return "Tool '" + tool + "' may not be called as a task: rule '" + rule.name()
                + "' limits how many calls are made at the same time, and could not tell when this one ends.";
    }

    static String taskAnswer(String tool, RuleRef rule) {
        return "The server has made a task of the call to '" + tool + "', but rule '" + rule.name()
                + "' limits how many calls are made at the same time. " + BEGUN;
    }

    static String taskOfEnd(String tool, RuleRef rule) {
        return "Tool '" + tool + "' may not be called as a task: rule '" + rule.name()
                + "' needs its result, and could not see it.";
    }

    static String taskAnswerOfEnd(String tool, RuleRef rule) {
        return "The server has made a task of the call to '" + tool + "', but rule '" + rule.name()
                + "' needs its result. " + BEGUN;
    }

    static String resultCondition(Condition condition, DenialFactory denials) {
        return withheld(denials, expectation(condition));
    }

    static String resultDenied(DenialFactory denials) {
        return withheld(denials, "the policy does not let it through");
    }

    static String resultTooLarge(long most, DenialFactory denials) {
        return withheld(denials, "it is larger than " + most + " bytes. Ask for less at a time");
    }

    static String resultUnfit(DenialFactory denials) {
        return withheld(denials, "without what must not be seen, it is not what the tool's output schema promises");
    }

    private static String withheld(DenialFactory denials, String why) {
        return "'" + denials.tool() + "' has run, but its result is withheld by rule '"
                + denials.rule().name() + "': " + why + ".";
    }

    /** What stands at the end of a result that was cut. */
    static String cut(long missingBytes, int dropped) {
        String text = missingBytes == 0 ? "" : missingBytes + " bytes of text are missing";
        String parts = dropped == 0 ? "" : dropped + " images or other parts were left out";
        return "[cut by the policy: " + text + (text.isEmpty() || parts.isEmpty() ? "" : ", ") + parts + "]";
    }

    static String rounds(int most) {
        return most == 0
                ? "the server may not ask for input"
                : "the server may ask for input " + (most == 1 ? "once" : most + " times") + " in one call";
    }

    static String method(NamePattern pattern) {
        return "The policy does not allow this (methods: '" + pattern + "').";
    }

    static String unlisted(String tool) {
        return "Tool '" + tool + "' is not available: the policy does not offer it.";
    }

    static String serverUnknown(String tool) {
        return named(tool) + " may not be called: the policy decides by server, and which server this is is not"
                + " known.";
    }

    static String noGrant(String tool) {
        return named(tool) + " may not be called: the policy grants this caller nothing.";
    }

    static String notInForce(@Nullable Duration wait) {
        return "The policy's grant to this caller is not in force now"
                + (wait == null ? "." : "; try again in " + span(wait) + ".");
    }

    static String forbidden(String tool, RuleRef rule) {
        return "Tool '" + tool + "' may not be called (rule '" + rule.name() + "').";
    }

    static String approval(String tool, RuleRef rule) {
        return "A call to '" + tool + "' needs a person's approval (rule '" + rule.name() + "').";
    }

    static String requestApproval(String method, RuleRef rule) {
        return "The request '" + method + "' needs a person's approval (rule '" + rule.name() + "').";
    }

    /** Joins the messages of several rules that ask for one approval. Equal messages appear once. */
    static String questions(List<AskingRule> asking) {
        return asking.stream().map(rule -> sentence(rule.message())).distinct().collect(Collectors.joining(" "));
    }

    static String pending(Decision question, String ticket, Duration validFor) {
        return sentence(question) + " It is ticket " + ticket
                + ". Make the same call again, unchanged, once a person has said yes; the ticket waits "
                + span(validFor)
                + " for that.";
    }

    static String refused(Decision question, @Nullable String reason) {
        return sentence(question) + (reason == null ? " A person said no." : " A person said no: " + reason);
    }

    static String unanswered(Decision question, Duration waited) {
        return sentence(question) + " No one answered within " + span(waited) + ".";
    }

    static String unasked(Decision question) {
        return sentence(question) + " No one could be asked.";
    }

    static String unasked(Decision question, String reason) {
        return sentence(question) + " No one was asked: " + reason + ".";
    }

    static String otherwiseApproved(Decision question) {
        return sentence(question) + " A person approved it with other arguments only, which can't be sent from here.";
    }

    static String changedTooOften(Decision question) {
        return sentence(question) + " Each approval changed the arguments, and led to another question.";
    }

    static String overtaken(Decision question) {
        return sentence(question) + " The policy was changed before anybody answered.";
    }

    static String abandoned(Decision question) {
        return sentence(question) + " The answer was not waited for.";
    }

    /** The question as a sentence. A rule's own message may end with any punctuation. */
    private static String sentence(Decision question) {
        return sentence(question.message());
    }

    private static String sentence(String text) {
        return text.isEmpty() || ".!?…".indexOf(text.charAt(text.length() - 1)) >= 0 ? text : text + ".";
    }

    static String condition(Condition condition, RuleRef rule) {
        return "The call does not meet rule '" + rule.name() + "': " + expectation(condition) + ".";
    }

    /** The same for a condition that will hold after a while. */
    static String condition(Condition condition, RuleRef rule, Duration wait) {
        return "The call does not meet rule '" + rule.name() + "': " + expectation(condition) + "; try again in "
                + span(wait) + ".";
    }

    static String unanswered(Condition condition, RuleRef rule) {
        return "The call is not made: whether " + condition.path() + " is accepted by " + condition.operatorText()
                + " can't be told at the moment (rule '" + rule.name() + "').";
    }

    static String denyIf(RuleRef rule) {
        return "The call is one that the policy forbids (rule '" + rule.name() + "').";
    }

    static String amount(String from, RuleRef rule) {
        return "Rule '" + rule.name() + "' counts " + from + ", which must be a number of at least 0 with at most "
                + Amount.PLACES + " decimal places.";
    }

    static String partition(String values, RuleRef rule) {
        return "Rule '" + rule.name() + "' counts separately for each " + values + ", which must be a text, a number or"
                + " a boolean of at most " + PartitionReader.LONGEST + " characters, without characters that can't be"
                + " seen and without two spaces in a row.";
    }

    static String perCall(Amount most, String from, RuleRef rule) {
        return "One call may cost at most " + most + " (" + from + ", rule '" + rule.name() + "').";
    }

    static String schemaUnknown(String tool, RuleRef rule) {
        return "Rule '" + rule.name() + "' checks the arguments against the input schema of '" + tool
                + "', which is not known; list the server's tools first.";
    }

    static String notAccepted(String tool) {
        return named(tool) + " may not be called: its definition is not one that a person has accepted.";
    }

    static String notSeen(String tool) {
        return named(tool)
                + " may not be called: its definition is not known, so it can't be compared with the accepted one;"
                + " list the server's tools first.";
    }

    static String notKnown(String tool) {
        return named(tool)
                + " may not be called: the policy decides by a tool's category or risk, and the server has not"
                + " said what this one is, or its list of tools could not be had; list the server's tools first.";
    }

    /** Some denials come before a tool's name is checked. A name that is not a valid name is not repeated. */
    private static String named(String tool) {
        return LookAlikes.defect(tool) == null ? "Tool '" + tool + "'" : "A tool whose name can't be shown";
    }

    static String limit(String limit, RuleRef ref, @Nullable Duration retryAfter) {
        String reached = "Limit of " + limit + " reached (rule '" + ref.name() + "')";
        return retryAfter == null ? reached + "." : reached + "; try again in " + span(retryAfter) + ".";
    }

    static String concurrency(String limit, RuleRef ref) {
        return "At most " + limit + " may be under way (rule '" + ref.name() + "'); try again when one has ended.";
    }

    static String tooLarge(LimitRule rule, RuleRef ref) {
        String most = rule.max() == null ? "can be counted" : "the limit of " + of(rule) + " ever allows";
        return "The call counts more than " + most + " (rule '" + ref.name() + "').";
    }

    /** Describes a limit: {@code 10 per 60 s}. */
    static String of(LimitRule rule) {
        return rule.max() == null ? per(rule) : rule.max() + " " + per(rule);
    }

    /** Describes a limit of failures: {@code 3 failures per hour}. */
    static String failures(LimitRule rule) {
        return rule.max() + " failures " + per(rule);
    }

    private static String per(LimitRule rule) {
        if (rule instanceof LimitRule.Concurrent) {
            return "calls at a time";
        }
        if (rule instanceof LimitRule.FixedWindow fixed) {
            return "per "
                    + (fixed.window() instanceof Window.Calendar unit
                            ? unit.text()
                            : fixed.window().text());
        }
        Duration window = rule instanceof LimitRule.TokenBucket bucket
                ? bucket.window()
                : ((LimitRule.SlidingWindow) rule).window();
        return "per " + span(window);
    }

    /** Formats a duration for people, rounded up, in its one or two largest units. */
    static String span(Duration duration) {
        long seconds = duration.plusNanos(999_999_999).toSeconds();
        if (seconds < 120) {
            return Math.max(1, seconds) + " s";
        }
        long minutes = (seconds + 59) / 60;
        if (minutes < 120) {
            return minutes + " min";
        }
        long hours = (minutes + 59) / 60;
        return hours < 48 ? hours + " h" : (hours + 23) / 24 + " days";
    }

    /** Describes what a condition requires: {@code args.amount must be at most 100}. */
    static String expectation(Condition condition) {
        String text = operand(condition.operand());
        String must = switch (condition.operator()) {
            case EQ -> "must equal " + text;
            case NEQ -> "must not equal " + text;
            case IN -> "must be one of " + text;
            case NOT_IN -> "must be none of " + text;
            case LT -> "must be less than " + text;
            case LTE -> "must be at most " + text;
            case GT -> "must be greater than " + text;
            case GTE -> "must be at least " + text;
            case REGEX -> "must match " + text;
            case NOT_REGEX -> "must not match " + text;
            case CONTAINS -> "must contain " + text;
            case NOT_CONTAINS -> "must not contain " + text;
            case STARTS_WITH -> "must start with " + text;
            case ENDS_WITH -> "must end with " + text;
            case EXISTS -> condition.operand().value() == Value.Bool.TRUE ? "must be given" : "must not be given";
            case WITHIN_PATH -> path(condition.operand());
            case HOST_IN -> "must be an http(s) URL to " + text;
            case MAIL_IN -> "must be exactly one mail address of " + text;
            case URL_IN -> "must be a URL at or below " + text;
            case COMMAND_IN -> "must be one plain shell command of " + text;
            case DURING -> "must be within " + condition.operand().window();
            case MAX_LENGTH -> "must be no longer than " + text;
            case CUSTOM -> "must be accepted by " + condition.operatorText();
        };
        return condition.path() + " " + must;
    }

    /** What a condition compares with. A value of the call is named by its path, since the agent may not see it. */
    private static String operand(Operand operand) {
        if (operand.from() != null) {
            return operand.from().text();
        }
        return operand.value() instanceof NumberValue number
                ? number.plainText()
                : operand.value().json();
    }

    private static String path(Operand operand) {
        if (operand.from() != null) {
            return "must be a path inside " + operand.from();
        }
        List<String> in = operand.directories();
        String base = operand.base();
        Value where = Value.freeze(in.size() == 1 ? in.get(0) : in);
        return base == null
                ? "must be an absolute path inside " + where.json()
                : "must be a path inside " + where.json() + ", from " + new Value.Text(base).json();
    }

    /** Lists the names of arguments, as a server gives them. */
    static String list(Collection<String> names) {
        if (names.isEmpty()) {
            return "none";
        }
        List<String> words = names.stream().filter(LookAlikes::isWord).toList();
        String listed = String.join(", ", words.stream().limit(MAX_LISTED).toList());
        return words.size() > MAX_LISTED || words.size() < names.size() ? listed + ", …" : listed;
    }
}
