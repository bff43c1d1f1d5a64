package dev.interlock.policy.approval;

import dev.interlock.policy.Place;
import dev.interlock.policy.PolicyRef;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.call.ToolCall;
import dev.interlock.policy.tool.RiskLevel;
import dev.interlock.policy.tool.ToolCategory;
import dev.interlock.policy.tool.ToolRating;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.InvalidValueException;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.StrictJson;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON form of a question. A text that holds anything but exactly one question is refused. */
final class ApprovalRequestJson {

    /** Is raised when a text that was written before can't be read any more. */
    private static final long FORMAT = 1;

    /** Arguments may be as deep as a host allows, and stand in this text a few levels deeper. */
    private static final ValueLimits LIMITS = new ValueLimits(512, 64 << 20);

    private final ObjectValue object;

    private ApprovalRequestJson(ObjectValue object) {
        this.object = object;
    }

    static String write(ApprovalRequest request) {
        ObjectValue object = object(request);
        String text = object.json();
        ObjectValue again = StrictJson.object(text, LIMITS);
        // Numbers must be spelled the same, too: a person has read the text, and a server may be given it.
        if (again == null || !again.equals(object) || !again.json().equals(text)) {
            throw new InvalidValueException("the question can't be written so that it can be read again");
        }
        return text;
    }

    static ApprovalRequest read(String text) {
        ObjectValue object = StrictJson.object(text, LIMITS);
        if (object == null) {
            throw new InvalidValueException("this is no question: it can't be read as JSON");
        }
        ApprovalRequestJson question = new ApprovalRequestJson(object);
        try {
            return question.request();
        } catch (DateTimeException | ArithmeticException e) {
            throw new InvalidValueException("this is no question: it has a length of time that can't be");
        }
    }

    // ---- writing

    private static ObjectValue object(ApprovalRequest request) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("format", NumberValue.of(FORMAT));
        members.put("tool", value(request.tool()));
        members.put("server", value(request.server()));
        members.put("identity", value(request.identity()));
        members.put("session", value(request.session()));
        members.put("arguments", arguments(request.arguments()));
        members.put("parameters", request.parameters());
        members.put("context", request.context());
        members.put("bound", request.bound());
        members.put(
                "rules",
                new Value.Array(
                        request.rules().stream().map(ApprovalRequestJson::rule).toList()));
        members.put("message", value(request.message()));
        members.put("rating", rating(request.rating()));
        members.put("policy", policy(request.policy()));
        members.put("patience", value(request.patience().toString()));
        members.put(
                "runs",
                new Value.Array(
                        request.runs().stream().map(ApprovalRequestJson::run).toList()));
        members.put("otherRequest", Value.Bool.of(request.otherRequest()));
        return ObjectValue.of(members);
    }

    private static Value rule(AskingRule rule) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("name", value(rule.name()));
        members.put("place", value(rule.place().path()));
        members.put("line", NumberValue.of(rule.place().line()));
        members.put("column", NumberValue.of(rule.place().column()));
        members.put("message", value(rule.message()));
        members.put("timeout", value(rule.timeout().toString()));
        return ObjectValue.of(members);
    }

    private static Value rating(ToolRating rating) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("category", value(rating.category().name()));
        members.put("risk", value(rating.risk().name()));
        members.put(
                "factors",
                new Value.Array(rating.factors().stream()
                        .map(ApprovalRequestJson::value)
                        .toList()));
        return ObjectValue.of(members);
    }

    private static Value policy(PolicyRef policy) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("digest", value(policy.digest()));
        members.put("description", value(policy.description()));
        return ObjectValue.of(members);
    }

    private static Value run(ToolCall call) {
        Map<String, Value> members = new LinkedHashMap<>();
        members.put("tool", value(call.tool()));
        members.put("server", value(call.server()));
        members.put("arguments", arguments(call.arguments()));
        return ObjectValue.of(members);
    }

    /** Null for arguments that are not known. */
    private static Value arguments(Arguments arguments) {
        return arguments.isKnown() ? arguments.root() : Value.Nil.NULL;
    }

    private static Value value(@Nullable String text) {
        return text == null ? Value.Nil.NULL : new Value.Text(text);
    }

    // ---- reading

    private ApprovalRequest request() {
        if (!NumberValue.of(FORMAT).equals(object.get("format"))) {
            throw new InvalidValueException("this question is written in a format that is not known here");
        }
        String identity = textOrNull("identity");
        String session = textOrNull("session");
        ObjectValue context = object("context");
        List<AskingRule> rules = new ArrayList<>();
        for (ApprovalRequestJson rule : objects("rules")) {
            rules.add(rule.rule());
        }
        List<ToolCall> runs = new ArrayList<>();
        for (ApprovalRequestJson run : objects("runs")) {
            runs.add(run.run().by(identity).in(session).with(context));
        }
        require(!rules.isEmpty(), "rules");
        ApprovalRequestJson rating = new ApprovalRequestJson(object("rating"));
        ApprovalRequestJson policy = new ApprovalRequestJson(object("policy"));
        return new ApprovalRequest(
                text("tool"),
                textOrNull("server"),
                identity,
                session,
                arguments(),
                object("parameters"),
                context,
                object("bound"),
                rules,
                text("message"),
                rating.rating(),
                new PolicyRef(policy.text("digest"), policy.text("description")),
                Duration.parse(text("patience")),
                runs,
                flag("otherRequest"));
    }

    private AskingRule rule() {
        Place place = new Place(text("place"), number("line"), number("column"));
        return new AskingRule(text("name"), place, text("message"), Duration.parse(text("timeout")));
    }

    private ToolRating rating() {
        List<String> texts = object.texts("factors");
        require(
                object.get("factors") instanceof Value.Array factors
                        && texts.size() == factors.items().size(),
                "factors");
        return new ToolRating(constant(ToolCategory.class, "category"), constant(RiskLevel.class, "risk"), texts);
    }

    private ToolCall run() {
        return ToolCall.of(text("tool"), arguments()).on(textOrNull("server"));
    }

    private Arguments arguments() {
        return object.get("arguments") == Value.Nil.NULL ? Arguments.UNKNOWN : Arguments.of(object("arguments"));
    }

    private <E extends Enum<E>> E constant(Class<E> type, String name) {
        String text = text(name);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(text)) {
                return constant;
            }
        }
        throw bad(name);
    }

    private List<ApprovalRequestJson> objects(String name) {
        if (!(object.get(name) instanceof Value.Array array)) {
            throw bad(name);
        }
        List<ApprovalRequestJson> objects = new ArrayList<>();
        for (Value item : array.items()) {
            if (!(item instanceof ObjectValue each)) {
                throw bad(name);
            }
            objects.add(new ApprovalRequestJson(each));
        }
        return objects;
    }

    private ObjectValue object(String name) {
        if (object.get(name) instanceof ObjectValue member) {
            return member;
        }
        throw bad(name);
    }

    private String text(String name) {
        String text = object.text(name);
        if (text == null) {
            throw bad(name);
        }
        return text;
    }

    private @Nullable String textOrNull(String name) {
        return object.get(name) == Value.Nil.NULL ? null : text(name);
    }

    private int number(String name) {
        if (object.get(name) instanceof NumberValue number) {
            BigDecimal value = number.toBigDecimal();
            require(value.precision() - value.scale() <= 10, name);
            return value.intValueExact();
        }
        throw bad(name);
    }

    private boolean flag(String name) {
        if (object.get(name) instanceof Value.Bool flag) {
            return flag.value();
        }
        throw bad(name);
    }

    private static void require(boolean holds, String name) {
        if (!holds) {
            throw bad(name);
        }
    }

    private static InvalidValueException bad(String name) {
        return new InvalidValueException("this is no question: member '" + name + "' is not what it should be");
    }
}
