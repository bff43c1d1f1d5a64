package dev.interlock.policy.adapter;

import dev.interlock.policy.Amount;
import dev.interlock.policy.Place;
import dev.interlock.policy.call.AskingRule;
import dev.interlock.policy.engine.CarriedAdmission;
import dev.interlock.policy.engine.CarriedAdmission.Charged;
import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.value.Arguments;
import dev.interlock.policy.value.NumberValue;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.SpelledDecimal;
import dev.interlock.policy.value.Value;
import dev.interlock.policy.value.ValueLimits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a sealed state holds.
 *
 * @param expiresMillis until when it is good, by the wall clock
 * @param binding a digest of the call
 * @param asked the names of the inputs that the client was asked for
 * @param kept the parameters that the client doesn't know or repeat, as the server gets them: the server's own state
 *     and, if the guard asks, the answers to what the server has asked
 * @param purpose why the client has it
 */
record SealedContent(long expiresMillis, String binding, Set<String> asked, ObjectValue kept, Purpose purpose) {

    /** Differs from release to release where the form does: then the states of the other release are not known. */
    private static final int FORM = 2;

    /** What was frozen under the host's bounds is read under the loosest. */
    private static final ValueLimits LOOSE = new ValueLimits(512, Integer.MAX_VALUE);

    /** Why a client has a state. */
    sealed interface Purpose {}

    /**
     * The server has asked for input.
     *
     * @param round how often the call had been made again
     */
    record GoesOn(int round, CarriedAdmission admission) implements Purpose {
        @Override
        public String toString() {
            return "a call that goes on";
        }
    }

    /**
     * The guard has asked for a person's approval.
     *
     * @param question a digest of the question
     * @param agreed the questions about the call that a person has said yes to before
     */
    record Asks(String question, List<Agreed> agreed) implements Purpose {
        @Override
        public String toString() {
            return "a call that asks";
        }
    }

    /**
     * A question that a person has said yes to.
     *
     * @param question a digest of the question
     * @param by who said so, for the record; empty if that is not known
     * @param instead the arguments to which the person has agreed, if they are others than those in question
     */
    record Agreed(String question, String by, @Nullable Arguments instead) {
        @Override
        public String toString() {
            return "a yes";
        }
    }

    @Override
    public String toString() {
        return "a state: " + purpose;
    }

    // ---- writing

    byte[] write() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORM);
            out.writeLong(expiresMillis);
            write(out, binding);
            out.writeInt(asked.size());
            for (String name : asked) {
                write(out, name);
            }
            write(out, kept);
            if (purpose instanceof GoesOn goesOn) {
                out.writeByte('g');
                out.writeByte(goesOn.round());
                write(out, goesOn.admission());
            } else if (purpose instanceof Asks asks) {
                out.writeByte('a');
                write(out, asks.question());
                out.writeInt(asks.agreed().size());
                for (Agreed agreed : asks.agreed()) {
                    write(out, agreed.question());
                    write(out, agreed.by());
                    write(out, agreed.instead());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(DataOutputStream out, CarriedAdmission admission) throws IOException {
        write(out, admission.recordId());
        out.writeInt(admission.charged().size());
        for (Charged charged : admission.charged()) {
            write(out, charged.key().limit());
            write(out, charged.key().subject());
            write(out, charged.key().partition());
            out.writeLong(charged.amount().micros());
        }
        out.writeInt(admission.agreed().size());
        for (AskingRule rule : admission.agreed()) {
            write(out, rule.name());
            write(out, rule.place().path());
            write(out, rule.message());
            write(out, rule.timeout().toString());
        }
        write(out, admission.context());
        write(out, admission.instead());
    }

    private static void write(DataOutputStream out, @Nullable Arguments arguments) throws IOException {
        out.writeBoolean(arguments != null);
        if (arguments != null) {
            write(out, arguments.root());
        }
    }

    private static void write(DataOutputStream out, Value value) throws IOException {
        if (value instanceof ObjectValue object) {
            out.writeByte('{');
            out.writeInt(object.size());
            for (Map.Entry<String, Value> member : object.members().entrySet()) {
                write(out, member.getKey());
                write(out, member.getValue());
            }
        } else if (value instanceof Value.Array array) {
            out.writeByte('[');
            out.writeInt(array.items().size());
            for (Value item : array.items()) {
                write(out, item);
            }
        } else if (value instanceof Value.Text text) {
            out.writeByte('"');
            write(out, text.value());
        } else if (value instanceof NumberValue number) {
            out.writeByte('1');
            write(out, number.json());
        } else if (value instanceof Value.Bool bool) {
            out.writeByte(bool.value() ? 't' : 'f');
        } else {
            out.writeByte('n');
        }
    }

    /** Host and policy may use any text, so not only those that UTF-8 can represent. */
    private static void write(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (new String(bytes, StandardCharsets.UTF_8).equals(text)) {
            out.writeInt(bytes.length);
            out.write(bytes);
        } else {
            out.writeInt(~text.length());
            out.writeChars(text);
        }
    }

    // ---- reading

    /** Reads what {@link #write} has written. Null if another release has written it in another form. */
    static @Nullable SealedContent read(byte[] plain) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(plain))) {
            if (in.readByte() != FORM) {
                return null;
            }
            long expires = in.readLong();
            String binding = text(in);
            Set<String> asked = new HashSet<>();
            for (int left = in.readInt(); left > 0; left--) {
                asked.add(text(in));
            }
            ObjectValue kept = object(in);
            Purpose purpose = in.readByte() == 'g' ? new GoesOn(in.readByte(), admission(in)) : asks(in);
            return new SealedContent(expires, binding, asked, kept, purpose);
        } catch (IOException e) {
            throw new UncheckedIOException("a state made with the right key can't be read", e);
        }
    }

    private static Asks asks(DataInputStream in) throws IOException {
        String question = text(in);
        List<Agreed> agreed = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            agreed.add(new Agreed(text(in), text(in), arguments(in)));
        }
        return new Asks(question, agreed);
    }

    private static CarriedAdmission admission(DataInputStream in) throws IOException {
        String recordId = text(in);
        List<Charged> charged = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            charged.add(new Charged(new LimitKey(text(in), text(in), text(in)), new Amount(in.readLong())));
        }
        List<AskingRule> agreed = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            agreed.add(new AskingRule(text(in), Place.of(text(in)), text(in), Duration.parse(text(in))));
        }
        return new CarriedAdmission(recordId, charged, agreed, object(in), arguments(in));
    }

    private static @Nullable Arguments arguments(DataInputStream in) throws IOException {
        return in.readBoolean() ? Arguments.freeze(object(in).toJava(), LOOSE) : null;
    }

    private static ObjectValue object(DataInputStream in) throws IOException {
        return (ObjectValue) value(in);
    }

    private static Value value(DataInputStream in) throws IOException {
        return switch (in.readByte()) {
            case '{' -> {
                Map<String, Value> members = new LinkedHashMap<>();
                for (int left = in.readInt(); left > 0; left--) {
                    members.put(text(in), value(in));
                }
                yield ObjectValue.of(members);
            }
            case '[' -> {
                List<Value> items = new ArrayList<>();
                for (int left = in.readInt(); left > 0; left--) {
                    items.add(value(in));
                }
                yield new Value.Array(items);
            }
            case '"' -> new Value.Text(text(in));
            case '1' -> NumberValue.of(SpelledDecimal.of(text(in)));
            case 't' -> Value.Bool.TRUE;
            case 'f' -> Value.Bool.FALSE;
            default -> Value.Nil.NULL;
        };
    }

    private static String text(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length >= 0) {
            return new String(in.readNBytes(length), StandardCharsets.UTF_8);
        }
        StringBuilder text = new StringBuilder(~length);
        for (int left = ~length; left > 0; left--) {
            text.append(in.readChar());
        }
        return text.toString();
    }
}
