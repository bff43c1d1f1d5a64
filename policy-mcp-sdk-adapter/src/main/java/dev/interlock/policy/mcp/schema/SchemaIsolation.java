package dev.interlock.policy.mcp.schema;

import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Makes a schema that can't reach, or be reached by, any other.
 *
 * <p>The SDK's validator keeps compiled schemas under their {@code $id}, or without one under their 32-bit hash. The
 * author of a schema controls both, so one server could have its schema used for another server's tools. A digest of
 * the content in place of {@code $id} prevents that. References to other documents are refused, so that none is
 * fetched.
 */
final class SchemaIsolation {

    private static final Set<String> DIALECTS = Set.of(
            "https://json-schema.org/draft/2020-12/schema",
            "https://json-schema.org/draft/2019-09/schema",
            "http://json-schema.org/draft-07/schema",
            "http://json-schema.org/draft-06/schema");

    private static final Set<String> REFERENCES = Set.of("$ref", "$dynamicRef", "$recursiveRef");

    private SchemaIsolation() {}

    /**
     * A schema that is safe to give to a validator.
     *
     * @param id the key under which it is kept: only equal schemas share one
     * @param members the members of the schema, the id included
     * @param chars the length of its text
     */
    record Isolated(String id, Map<String, Object> members, int chars) {}

    /**
     * Returns the schema in a form that is safe to give to a validator.
     *
     * @throws SchemaRefusedException if it names itself, another document or an unknown dialect in a place where that
     *     can't be undone
     */
    static Isolated isolated(ObjectValue schema) throws SchemaRefusedException {
        Map<String, Value> members = new LinkedHashMap<>(schema.members());
        members.remove("$id");
        Value dialect = members.get("$schema");
        if (dialect != null && !isKnownDialect(dialect)) {
            throw new SchemaRefusedException("it is written in a dialect of JSON Schema that is not known here");
        }
        for (Map.Entry<String, Value> member : members.entrySet()) {
            checkMember(member.getKey(), member.getValue(), member.getKey().equals("$schema"));
        }
        ObjectValue anonymous = ObjectValue.of(members);
        String text = anonymous.json();
        String id = "urn:interlock:" + digest(text);
        Map<String, Object> isolated = new LinkedHashMap<>(anonymous.toJava());
        isolated.put("$id", id);
        return new Isolated(id, isolated, text.length());
    }

    private static boolean isKnownDialect(Value dialect) {
        return dialect instanceof Value.Text text
                && DIALECTS.contains(text.value().replaceAll("#$", ""));
    }

    private static void checkMember(String name, Value value, boolean allowed) throws SchemaRefusedException {
        if (value instanceof Value.Text text) {
            if (REFERENCES.contains(name) && !text.value().startsWith("#")) {
                throw new SchemaRefusedException("it refers to another document");
            }
            if (!allowed && (name.equals("$id") || name.equals("$schema"))) {
                throw new SchemaRefusedException("a part of it claims to be a document of its own");
            }
        } else {
            check(value);
        }
    }

    private static void check(Value value) throws SchemaRefusedException {
        if (value instanceof ObjectValue object) {
            for (Map.Entry<String, Value> member : object.members().entrySet()) {
                checkMember(member.getKey(), member.getValue(), false);
            }
        } else if (value instanceof Value.Array array) {
            for (Value item : array.items()) {
                check(item);
            }
        }
    }

    private static String digest(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
