package dev.interlock.policy.mcp;

/** Ids of requests, to be compared. */
final class JsonRpcIds {

    private JsonRpcIds() {}

    /** A reader of JSON answers a {@code Long} with an {@code Integer}; both are the same id. */
    static Object key(Object id) {
        return id instanceof Number number ? (Object) number.longValue() : id;
    }
}
