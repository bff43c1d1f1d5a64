package dev.interlock.policy.yaml;

import dev.interlock.policy.Algorithm;
import dev.interlock.policy.Amount;
import dev.interlock.policy.ChargeMode;
import dev.interlock.policy.Limit;
import dev.interlock.policy.Limit.Form;
import dev.interlock.policy.PartitionKey;
import dev.interlock.policy.Path;
import dev.interlock.policy.Place;
import dev.interlock.policy.Scope;
import dev.interlock.policy.TimeWindow;
import dev.interlock.policy.Window;
import dev.interlock.policy.value.NumberValue;
import java.time.Duration;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads all limits: {@code state}, {@code spend}, the items of {@code limits}, the map form of {@code rate_limit}. */
final class LimitReader {

    /** The most calls that a {@code rate_limit} may allow. */
    static final long MAX_CALLS = Amount.MAX.micros() / Amount.ONE_MICROS;

    /** The calendar unit that each cap of a budget but {@code per_call} counts over. */
    static final Map<String, Window.Calendar> CAPS;

    static {
        Map<String, Window.Calendar> caps = new LinkedHashMap<>();
        caps.put("hourly", Window.Calendar.HOUR);
        caps.put("daily", Window.Calendar.DAY);
        caps.put("weekly", Window.Calendar.WEEK);
        caps.put("monthly", Window.Calendar.MONTH);
        CAPS = caps;
    }

    private static final Map<String, Scope> SCOPES = Map.of(
            "session", Scope.SESSION,
            "identity", Scope.IDENTITY,
            "grant", Scope.IDENTITY,
            "tool", Scope.TOOL,
            "entry", Scope.ENTRY,
            "global", Scope.GLOBAL);
    private static final List<String> SCOPE_NAMES = List.of("session", "identity", "grant", "tool", "entry", "global");

    private final ReadContext context;
    private final WindowReader times;
    private final PathExpressionReader paths;
    private final PartitionKeyReader partitions;

    LimitReader(ReadContext context, WindowReader times, PathExpressionReader paths) {
        this.context = context;
        this.times = times;
        this.paths = paths;
        this.partitions = new PartitionKeyReader(context, paths);
    }

    /** {@code rate_limit: {max: 10, window: 60}}. */
    @Nullable
    Limit rateLimit(Node.Mapping map, NodePath at, Place place) {
        Fields fields = Fields.of(Keys.RATE_LIMIT, map, at, context.findings, null);
        context.intercept.refuses();
        Node maxNode = required(fields, "max");
        Node windowNode = required(fields, "window");
        Long max = maxNode == null ? null : context.scalars.whole(maxNode, at.key("max"), "max", 1, MAX_CALLS);
        Window window = windowNode == null ? null : window(windowNode, fields);
        Algorithm unlessSaid = window instanceof Window.Length ? Algorithm.TOKEN_BUCKET : Algorithm.FIXED_WINDOW;
        Algorithm algorithm = algorithm(fields, unlessSaid);
        Scope scope = scope(fields, Scope.SESSION);
        List<PartitionKey> per = partitions.read(fields);
        ChargeMode charge = charge(fields, algorithm == null ? unlessSaid : algorithm);
        if (max == null || window == null || algorithm == null || scope == null || per == null || charge == null) {
            return null;
        }
        if (!isCountable(algorithm, window, fields)) {
            return null;
        }
        Amount most = Amount.of(max);
        return new Limit(
                Form.RATE_LIMIT, null, most, window, algorithm, scope, Amount.ONE, null, charge, null, place, per);
    }

    /** {@code state}. */
    @Nullable
    Limit state(Node node, NodePath at, EntryKey owner, Place place) {
        Fields fields = fields(Keys.STATE, node, at, "state");
        if (fields == null) {
            return null;
        }
        String name = counter(fields, owner);
        Node windowNode = required(fields, "window");
        Window window = windowNode == null ? null : window(windowNode, fields);
        if (window != null
                && window != Window.Calendar.MINUTE
                && window != Window.Calendar.HOUR
                && window != Window.Calendar.DAY) {
            context.intercept.refuses();
        }
        Node incrementNode = fields.get("increment");
        Amount increment = incrementNode == null ? Amount.ONE : amount(incrementNode, at.key("increment"), "increment");
        Node fromNode = fields.get("increment_from");
        Path from = fromNode == null ? null : paths.amount(fromNode, at.key("increment_from"));
        Held held = held(fields, from, "increment_from", Algorithm.FIXED_WINDOW);
        for (String key : List.of("hold", "per", "charge")) {
            if (fields.pair(key) != null) {
                context.intercept.ignores("'" + key + "'", fields.map(), at.key(key));
            }
        }
        List<PartitionKey> per = partitions.read(fields);
        ChargeMode charge = charge(fields, Algorithm.FIXED_WINDOW);
        if (name == null
                || window == null
                || increment == null
                || (fromNode != null && from == null)
                || held == null
                || per == null
                || charge == null) {
            return null;
        }
        Scope scope = owner.defaultScope();
        Algorithm fixed = Algorithm.FIXED_WINDOW;
        return new Limit(Form.STATE, name, null, window, fixed, scope, increment, from, charge, null, place, per)
                .holding(held.amount());
    }

    /** An item of {@code limits}. */
    @Nullable
    Limit limit(Node node, NodePath at, EntryKey owner) {
        Fields fields = fields(Keys.LIMIT, node, at, "a limit");
        if (fields == null) {
            return null;
        }
        String name = counter(fields, owner);
        Node maxNode = required(fields, "max");
        Node windowNode = required(fields, "window");
        Amount max = maxNode == null ? null : amount(maxNode, at.key("max"), "max");
        Window window = windowNode == null ? null : window(windowNode, fields);
        Algorithm algorithm = algorithm(fields, Algorithm.FIXED_WINDOW);
        Scope scope = scope(fields, owner.defaultScope());
        List<PartitionKey> per = partitions.read(fields);
        Node fromNode = fields.get("increment_from");
        Path from = fromNode == null ? null : paths.amount(fromNode, at.key("increment_from"));
        Algorithm counted = algorithm == null ? Algorithm.FIXED_WINDOW : algorithm;
        Held held = held(fields, from, "increment_from", counted);
        ChargeMode charge = fields.has("counts") ? counts(fields, counted) : charge(fields, counted);
        Node messageNode = fields.get("on_deny");
        String message =
                messageNode == null ? null : context.scalars.message(messageNode, at.key("on_deny"), "on_deny");
        if (name == null
                || max == null
                || window == null
                || algorithm == null
                || scope == null
                || per == null
                || (fromNode != null && from == null)
                || held == null
                || charge == null
                || !isCountable(algorithm, window, fields)) {
            return null;
        }
        Place place = ReadContext.place(node, at);
        return new Limit(
                        Form.LIMITS, name, max, window, algorithm, scope, Amount.ONE, from, charge, message, place, per)
                .holding(held.amount());
    }

    /** {@code spend}, or null if it is broken. */
    @Nullable
    List<Limit> spend(Node node, NodePath at, EntryKey owner, Place place) {
        Fields fields = fields(Keys.SPEND, node, at, "spend");
        if (fields == null) {
            return null;
        }
        boolean whole = true;
        Amount perCall = null;
        Node perCallNode = fields.get("per_call");
        if (perCallNode != null) {
            perCall = amount(perCallNode, at.key("per_call"), "per_call");
            whole = perCall != null;
        }
        Map<Window.Calendar, Amount> caps = new EnumMap<>(Window.Calendar.class);
        for (Map.Entry<String, Window.Calendar> cap : CAPS.entrySet()) {
            Node capNode = fields.get(cap.getKey());
            if (capNode != null) {
                Amount amount = amount(capNode, at.key(cap.getKey()), cap.getKey());
                whole &= amount != null;
                if (amount != null) {
                    caps.put(cap.getValue(), amount);
                }
            }
        }
        Node fromNode = fields.get("from");
        Path from = fromNode == null ? null : paths.amount(fromNode, at.key("from"));
        Held held = held(fields, from, "from", Algorithm.FIXED_WINDOW);
        List<PartitionKey> per = partitions.read(fields);
        ChargeMode charge = charge(fields, Algorithm.FIXED_WINDOW);
        Node zoneNode = fields.get("zone");
        ZoneId zone = zoneNode == null ? null : zone(zoneNode, at.key("zone"));
        if (zoneNode != null && whole && caps.isEmpty()) {
            context.findings.error(
                    "bad-zone",
                    zoneNode,
                    at.key("zone"),
                    "what one call may cost has no window, and so no zone",
                    "leave 'zone' out, or add hourly, daily, weekly or monthly");
            return null;
        }
        if (perCallNode == null && fromNode == null) {
            context.findings.error(
                    "missing-key",
                    node,
                    at,
                    "spend doesn't say what a call costs",
                    "add from: args.<name>, the argument that holds it, or per_call, the cost of each call");
            return null;
        }
        if (perCallNode == null && whole && caps.isEmpty()) {
            context.findings.error(
                    "missing-key", node, at, "spend has no cap", "add per_call, hourly, daily, weekly or monthly");
            return null;
        }
        return whole
                        && charge != null
                        && per != null
                        && held != null
                        && (fromNode == null || from != null)
                        && (zoneNode == null || zone != null)
                ? Limit.budget(perCall, caps, zone, from, charge, owner.defaultScope(), place).stream()
                        .map(limit -> limit.per(per).holding(held.amount()))
                        .toList()
                : null;
    }

    /**
     * How much is reserved for a call whose amount is known only when it has ended.
     *
     * @param amount null if nothing is
     */
    private record Held(@Nullable Amount amount) {

        static final Held NOTHING = new Held(null);
    }

    /**
     * Reads {@code hold}, and reports what can't be counted afterwards.
     *
     * @param from where the amount stands; null if every call counts the same, or it is broken
     * @param key the key that says so
     * @return null if something was reported
     */
    private @Nullable Held held(Fields fields, @Nullable Path from, String key, Algorithm algorithm) {
        Node.Pair pair = fields.pair("hold");
        if (from == null || (from.root() != Path.Root.RESULT && from.root() != Path.Root.USAGE)) {
            if (pair != null && (from != null || !fields.has(key))) {
                context.findings.error(
                        "conflict",
                        pair.key(),
                        fields.at("hold"),
                        "'hold' is for an amount that is known only when the call has ended, and this one is known"
                                + " before",
                        "take it out, or write " + key + ": usage.<key> or result.structured.<name>");
            }
            return pair == null ? Held.NOTHING : null;
        }
        for (String other : List.of("per_call", "counts")) {
            Node.Pair odd = fields.pair(other);
            if (odd != null) {
                context.findings.error(
                        "conflict",
                        odd.key(),
                        fields.at(other),
                        Display.quoted(from.text()) + " is known only when the call has ended, too late for '" + other
                                + "'",
                        "take one of them out");
                return null;
            }
        }
        if (algorithm == Algorithm.TOKEN_BUCKET) {
            context.findings.error(
                    "conflict",
                    fields.has("algorithm") ? Objects.requireNonNull(fields.get("algorithm")) : fields.map(),
                    fields.at("algorithm"),
                    "a token_bucket can't count " + Display.quoted(from.text())
                            + ", which is known only when the call has ended",
                    "write algorithm: sliding_window, or fixed_window");
            return null;
        }
        if (pair == null) {
            Node.Pair where = fields.pair(key);
            context.findings.warn(
                    "no-hold",
                    where == null ? fields.map() : where.key(),
                    fields.at(key),
                    "nothing is reserved for a call until " + Display.quoted(from.text())
                            + " is known, so calls that are under way at once can use up any amount together",
                    "add hold: and about as much as one call uses");
            return Held.NOTHING;
        }
        Amount amount = amount(pair.value(), fields.at("hold"), "hold");
        return amount == null ? null : new Held(amount);
    }

    /** A window, and the zone that stands beside it. */
    private @Nullable Window window(Node node, Fields fields) {
        Window window = times.window(node, fields.at("window"));
        Node zoneNode = fields.get("zone");
        if (zoneNode == null) {
            return window;
        }
        context.intercept.refuses();
        NodePath at = fields.at("zone");
        ZoneId zone = zone(zoneNode, at);
        if (window == null || zone == null) {
            return null;
        }
        if (window instanceof Window.Calendar unit) {
            return Window.Calendar.in(unit, zone);
        }
        context.findings.error(
                "bad-zone",
                zoneNode,
                at,
                "a window of " + window.text() + " is as long everywhere, and so has no zone",
                "leave 'zone' out, or write window: minute, hour, day, week or month");
        return null;
    }

    private @Nullable ZoneId zone(Node node, NodePath at) {
        String name = context.scalars.text(node, at, "zone");
        try {
            return name == null ? null : TimeWindow.zone(name);
        } catch (IllegalArgumentException e) {
            context.findings.error("bad-zone", node, at, String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** {@code concurrent}: a number, or a map. */
    @Nullable
    Limit concurrent(Node node, NodePath at, EntryKey owner, Place place) {
        if (!(node instanceof Node.Mapping map)) {
            if (node instanceof Node.Sequence) {
                context.scalars.wrongType(node, at, "concurrent", "a number or a map");
                return null;
            }
            Long max = context.scalars.whole(node, at, "concurrent", 1, MAX_CALLS);
            return max == null
                    ? null
                    : Limit.concurrent(max, owner.defaultScope(), List.of(), Limit.DEFAULT_LEASE, place);
        }
        Fields fields = Fields.of(Keys.CONCURRENT, map, at, context.findings, null);
        Node maxNode = required(fields, "max");
        Long max = maxNode == null ? null : context.scalars.whole(maxNode, at.key("max"), "max", 1, MAX_CALLS);
        Scope scope = scope(fields, owner.defaultScope());
        List<PartitionKey> per = partitions.read(fields);
        Node leaseNode = fields.get("lease");
        Duration lease = leaseNode == null ? Limit.DEFAULT_LEASE : times.duration(leaseNode, at.key("lease"), "lease");
        return max == null || scope == null || per == null || lease == null
                ? null
                : Limit.concurrent(max, scope, per, lease, place);
    }

    private @Nullable Fields fields(Keys keys, Node node, NodePath at, String what) {
        if (node instanceof Node.Mapping map) {
            String intercept = keys == Keys.STATE ? Hints.IGNORED : null;
            return Fields.of(keys, map, at, context.findings, intercept);
        }
        context.scalars.wrongType(node, at, what, "a map");
        return null;
    }

    private @Nullable Node required(Fields fields, String key) {
        return Hints.required(fields, key, context.findings);
    }

    private @Nullable String counter(Fields fields, EntryKey owner) {
        Node node = required(fields, "counter");
        if (node == null) {
            return null;
        }
        NodePath at = fields.at("counter");
        String name = context.scalars.nonBlank(node, at, "counter");
        if (name == null) {
            return null;
        }
        if (name.length() > Bounds.MAX_NAME || name.indexOf('"') >= 0) {
            context.findings.error(
                    "bad-name",
                    node,
                    at,
                    "a counter's name must be at most " + Bounds.MAX_NAME + " characters long and without '\"'");
            return null;
        }
        owner.counters().define(owner, name, node, at, context.findings);
        return name;
    }

    private @Nullable Amount amount(Node node, NodePath at, String what) {
        NumberValue number = context.scalars.number(node, at, what);
        if (number == null) {
            return null;
        }
        if (number.toBigDecimal().signum() <= 0) {
            boolean increment = what.equals("increment");
            context.findings.error(
                    "bad-number",
                    node,
                    at,
                    what + " must be more than 0, not " + Scalars.shown(node),
                    number.toBigDecimal().signum() == 0
                            ? increment
                                    ? "a counter that counts nothing limits nothing"
                                    : what.equals("hold")
                                            ? "leave 'hold' out to reserve nothing"
                                            : "to deny every call, write action: deny"
                            : increment ? "Intercept would have given quota back" : null);
            return null;
        }
        Amount amount = Amount.of(number.toBigDecimal()).orElse(null);
        if (amount == null) {
            context.findings.error(
                    "bad-number",
                    node,
                    at,
                    what + " must be at most " + Amount.MAX + " and have at most " + Amount.PLACES
                            + " decimal places, not " + Scalars.shown(node));
        }
        return amount;
    }

    private @Nullable Algorithm algorithm(Fields fields, Algorithm unlessSaid) {
        Node node = fields.get("algorithm");
        if (node == null) {
            return unlessSaid;
        }
        String word = context.scalars.word(
                node, fields.at("algorithm"), "algorithm", List.of("token_bucket", "fixed_window", "sliding_window"));
        if (word == null) {
            return null;
        }
        return switch (word) {
            case "token_bucket" -> Algorithm.TOKEN_BUCKET;
            case "fixed_window" -> Algorithm.FIXED_WINDOW;
            default -> Algorithm.SLIDING_WINDOW;
        };
    }

    private @Nullable Scope scope(Fields fields, Scope unlessSaid) {
        Node node = fields.get("scope");
        if (node == null) {
            return unlessSaid;
        }
        String word = context.scalars.word(node, fields.at("scope"), "scope", SCOPE_NAMES);
        return word == null ? null : SCOPES.get(word);
    }

    /** What a limit charges for. By default, algorithms that stop loops give nothing back for failed calls. */
    private @Nullable ChargeMode charge(Fields fields, Algorithm algorithm) {
        Node node = fields.get("charge");
        if (node == null) {
            return defaultCharge(algorithm);
        }
        String word = context.scalars.word(node, fields.at("charge"), "charge", List.of("success", "sent"));
        return word == null ? null : word.equals("sent") ? ChargeMode.SENT : ChargeMode.SUCCESS;
    }

    /** {@code counts: failures}. */
    private @Nullable ChargeMode counts(Fields fields, Algorithm algorithm) {
        Node.Pair pair = fields.map().pair("counts");
        if (pair == null
                || context.scalars.word(pair.value(), fields.at("counts"), "counts", List.of("failures")) == null) {
            return null;
        }
        Node.Pair charge = fields.pair("charge");
        if (charge != null) {
            context.findings.error(
                    "conflict",
                    charge.key(),
                    fields.at("charge"),
                    "'charge' says which failed calls give back, and with 'counts' only these count",
                    "take one of them out");
            return null;
        }
        if (algorithm == Algorithm.TOKEN_BUCKET) {
            context.findings.error(
                    "conflict",
                    pair.key(),
                    fields.at("counts"),
                    "a token_bucket can't count failures, which are known only afterwards",
                    "write algorithm: sliding_window, or fixed_window");
            return null;
        }
        return ChargeMode.FAILURES;
    }

    /** The default of {@code charge}. */
    static ChargeMode defaultCharge(Algorithm algorithm) {
        return algorithm == Algorithm.FIXED_WINDOW ? ChargeMode.SUCCESS : ChargeMode.SENT;
    }

    private boolean isCountable(Algorithm algorithm, Window window, Fields fields) {
        if (algorithm != Algorithm.FIXED_WINDOW && window instanceof Window.InZone) {
            Node zone = fields.get("zone");
            context.findings.error(
                    "bad-zone",
                    zone == null ? fields.map() : zone,
                    fields.at("zone"),
                    "a " + algorithm.text() + " has no calendar, and so no zone",
                    "leave 'zone' out, or write algorithm: fixed_window");
            return false;
        }
        if (algorithm == Algorithm.FIXED_WINDOW || window != Window.Calendar.MONTH) {
            return true;
        }
        Node.Pair pair = fields.pair("window");
        Node node = pair == null ? fields.map() : pair.value();
        context.findings.error(
                "bad-window",
                node,
                fields.at("window"),
                "a " + algorithm.text() + " needs a window of one length, and months differ",
                "write a length such as 30d");
        return false;
    }
}
