package dev.interlock.policy;

/** Whether denials are enforced: {@code mode} in a document. */
public enum Mode {
    /** A denied call is not made. */
    ENFORCE,
    /** Decide, count and record as if enforced, but let the call pass. */
    AUDIT
}
