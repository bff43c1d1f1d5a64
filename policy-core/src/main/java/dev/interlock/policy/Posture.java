package dev.interlock.policy;

/** What happens to a tool that no entry names: {@code default} in a document. */
public enum Posture {
    /** It may be called. */
    ALLOW,
    /** It may not. */
    DENY
}
