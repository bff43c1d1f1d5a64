package dev.interlock.policy.yaml;

import dev.interlock.policy.Place;

/** What the readers of one document share. */
final class Context {

    final Findings findings;
    final Scalars scalars;
    final InterceptView intercept = new InterceptView();

    Context(Findings findings) {
        this.findings = findings;
        this.scalars = new Scalars(findings);
    }

    /** The place of a node. */
    static Place place(Node node, At at) {
        return new Place(at.toString(), node.line(), node.column());
    }
}
