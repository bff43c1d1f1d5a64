package dev.interlock.policy.tool.rating;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {

    @ParameterizedTest
    @CsvSource({
        "get_user, get user",
        "getUser, get user",
        "GetHTTPServer, get http server",
        "list-VMs, list vms",
        "API-post-page, api post page",
        "n8n_get2FA, n n get fa",
        "a.b/c d, a b c d",
        "getURLs, get urls",
        "__, ''"
    })
    void aNameIsCutWhereItsSpellingChanges(String name, String words) {
        assertThat(String.join(" ", Words.ofName(name))).isEqualTo(words);
    }

    @Test
    void aSentenceEndsWhereItsFirstStopIs() {
        assertThat(Words.ofFirstSentence("Gets a file, e.g. a.txt/b.txt. Deletes it."))
                .isEqualTo(List.of("gets", "a", "file", ",", "e", "g", "a", "txt", ",", "b", "txt"));
    }

    @Test
    void aSentenceMayBeginAfterStops() {
        assertThat(Words.ofFirstSentence("... \n\n Deletes it")).isEqualTo(List.of("deletes", "it"));
    }
}
