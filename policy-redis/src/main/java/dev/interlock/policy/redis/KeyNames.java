package dev.interlock.policy.redis;

import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.LimitKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The names of keys in Redis. Different limit keys have different names, whatever their texts contain: a name shows
 * where the limit ends, and where the subject and the values of the call begin, and a text that is long or not valid
 * Unicode is replaced by its SHA-256. The part in braces is what a cluster chooses the slot by.
 */
final class KeyNames {

    private static final int LONGEST = 256;

    private final String prefix;
    private final Placement placement;

    /** The prefix has already been checked to contain no braces. */
    KeyNames(String prefix, Placement placement) {
        this.prefix = prefix;
        this.placement = placement;
    }

    /** Keys with the same tag are in the same slot. */
    String tag(LimitKey key) {
        return switch (placement) {
            case ONE_SLOT -> prefix;
            case BY_SUBJECT -> key.subject().isEmpty() ? prefix : prefix + ":" + brief(key.subject());
        };
    }

    byte[] cell(String tag, LimitKey key) {
        String limit = key.limit();
        String subject = key.subject();
        String values = key.partition();
        boolean isLong = limit.length() + subject.length() + values.length() > LONGEST;
        String start = "{" + tag + "}";
        if (values.isEmpty()) {
            byte[] plain = isLong ? null : utf8(start + "k:" + limit.length() + ":" + limit + subject);
            return plain != null ? plain : ascii(start + "h:" + digest(limit) + digest(subject));
        }
        String lengths = limit.length() + ":" + subject.length() + ":";
        byte[] plain = isLong ? null : utf8(start + "p:" + lengths + limit + subject + values);
        return plain != null ? plain : ascii(start + "q:" + digest(limit) + digest(subject) + digest(values));
    }

    /** The set of a caller's keys of a limit, across all tools. */
    byte[] keysOfCaller(String tag, LimitKey key, Caller caller) {
        return set(tag, "n:", caller.identified(), key.family(), caller.name());
    }

    /**
     * The set of all callers' keys of a limit, across all tools: either of callers with an identity or of those
     * without.
     */
    byte[] keysOfLimit(String tag, LimitKey key, Caller caller) {
        return set(tag, "l:", caller.identified(), key.family(), "");
    }

    private static byte[] set(String tag, String kind, boolean identified, String family, String name) {
        String start = "{" + tag + "}" + kind + (identified ? "i" : "s");
        boolean isLong = family.length() + name.length() > LONGEST;
        byte[] plain = isLong ? null : utf8(start + ":" + family.length() + ":" + family + name);
        return plain != null ? plain : ascii(start + "#" + digest(family) + digest(name));
    }

    /** The record of a call. */
    byte[] call(String tag, String id) {
        byte[] plain = id.length() > LONGEST ? null : utf8("{" + tag + "}c:" + id);
        return plain != null ? plain : ascii("{" + tag + "}d:" + digest(id));
    }

    /** Whether a name is a hash of the key's, which nothing can be read from. */
    static boolean isHash(String tag, byte[] cell) {
        byte kind = cell[tag.length() + 2];
        return kind == 'h' || kind == 'q';
    }

    /** The tag of a session's marks. */
    String sessionTag(String session) {
        return tag(new LimitKey("", session));
    }

    /** The marks of a session. */
    byte[] session(String tag, String session) {
        return named(tag, "marks:", "marks#", session);
    }

    /** The values that calls of a session have room for. */
    byte[] sessionValues(String tag, String session) {
        return named(tag, "rooms:", "rooms#", session);
    }

    /** The sessions of a caller that have marks. */
    byte[] sessionsOfCaller(String tag, Caller caller) {
        String kind = caller.identified() ? "i" : "s";
        return named(tag, "sessions:" + kind + ":", "sessions:" + kind + "#", caller.name());
    }

    /** A key that stands alone, or one with an id of the store's own. */
    byte[] plain(String tag, String name) {
        return ascii("{" + tag + "}" + name);
    }

    /** The tag of what is in one place, whatever the placement is. */
    String commonTag() {
        return prefix;
    }

    /** What the names of some kinds of keys look like, as a pattern. */
    byte[] pattern(String kinds) {
        return ascii("{" + prefix + (placement == Placement.ONE_SLOT ? "" : "*") + "}" + kinds);
    }

    private static byte[] named(String tag, String plainKind, String hashKind, String name) {
        byte[] plain = name.length() > LONGEST ? null : utf8("{" + tag + "}" + plainKind + name);
        return plain != null ? plain : ascii("{" + tag + "}" + hashKind + digest(name));
    }

    /** Contains no braces and can always be encoded, since the tag is part of every name. */
    private static String brief(String subject) {
        boolean plain = subject.length() <= LONGEST
                && subject.chars().allMatch(c -> c < 0x80 && c != '{' && c != '}' && c != '#');
        return plain ? subject : "#" + digest(subject);
    }

    /** Null if the text contains half a surrogate pair: in UTF-8, every such text would get the same question mark. */
    private static byte @Nullable [] utf8(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || ++i == text.length()
                        || !Character.isLowSurrogate(text.charAt(i))) {
                    return null;
                }
            }
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String digest(String text) {
        try {
            ByteBuffer units = ByteBuffer.allocate(2 * text.length());
            units.asCharBuffer().put(text);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(units.array()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
