package dev.interlock.policy.cli;

import dev.interlock.policy.value.Value;
import java.util.Collection;

/** Lists of strings as JSON. */
final class Texts {

    private Texts() {}

    static Value of(Collection<String> texts) {
        return new Value.Array(texts.stream().<Value>map(Value.Text::new).toList());
    }
}
