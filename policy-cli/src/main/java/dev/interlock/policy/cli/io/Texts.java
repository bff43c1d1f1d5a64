package dev.interlock.policy.cli.io;

import dev.interlock.policy.value.Value;
import java.util.Collection;

/** Lists of strings as JSON. */
public final class Texts {

    private Texts() {}

    public static Value of(Collection<String> texts) {
        return new Value.Array(texts.stream().<Value>map(Value.Text::new).toList());
    }
}
