package dev.interlock.policy.tool.rating;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.tool.rating.Inflection.WordForm;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LexiconTest {

    private final Lexicon lexicon = Lexicon.standard();

    @ParameterizedTest
    @CsvSource({
        "delete, delete, BASE", "deletes, delete, THIRD", "deleting, delete, GERUND", "deleted, delete, PARTICIPLE",
        "deletion, delete, NOUN", "drops, drop, THIRD", "dropping, drop, GERUND", "applies, apply, THIRD",
        "applied, apply, PARTICIPLE", "purges, purge, THIRD", "sent, send, PARTICIPLE", "searches, search, THIRD",
        "removal, remove, NOUN", "execution, execute, NOUN", "tries, try,", "deleteds, delete,"
    })
    void formsLeadToTheirVerb(String word, String verb, WordForm form) {
        Lexicon.Sense sense = lexicon.verb(word);
        if (form == null) {
            assertThat(sense).isNull();
        } else {
            assertThat(Objects.requireNonNull(sense)).returns(form, Lexicon.Sense::form);
            assertThat(sense.verb().base()).isEqualTo(verb);
        }
    }

    @Test
    void everyVerbOfAPairIsAVerb() {
        List<String> strangers = WordFile.entries("lexicon.txt").stream()
                .filter(entry -> entry.contains(" : "))
                .flatMap(entry ->
                        Arrays.stream(entry.substring(0, entry.indexOf(" : ")).split(" ", -1)))
                .filter(verb -> lexicon.verb(verb) == null)
                .toList();
        assertThat(strangers).isEmpty();
    }
}
