package dev.interlock.policy.cli.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinesTest {

    private static final int LONGEST = 1 << 20;

    private static List<String> lines(String text) throws IOException {
        Lines lines = new Lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), LONGEST);
        List<String> all = new ArrayList<>();
        while (lines.next()) {
            String line = new String(lines.buffer(), lines.offset(), lines.length(), StandardCharsets.UTF_8);
            all.add((lines.isTooLong() ? "too long: " : "") + line);
        }
        return all;
    }

    @Test
    void ofALineThatIsTooLongTheHeadIsKeptAndTheNextOneIsRead() throws IOException {
        String tooLong = "head" + "x".repeat(3 * LONGEST);

        assertThat(lines("one\n" + tooLong + "\ntwo\r\nthree"))
                .hasSize(4)
                .startsWith("one")
                .endsWith("two", "three")
                .satisfies(all ->
                        assertThat(all.get(1)).startsWith("too long: headxxx").hasSizeLessThan(LONGEST / 4));
    }

    @Test
    void theLongestLineIsReadWholeAndOneByteMoreIsTooMuch() throws IOException {
        String longest = "x".repeat(LONGEST);

        assertThat(lines(longest + "\n" + longest + "y\nend"))
                .hasSize(3)
                .satisfies(all -> assertThat(all.get(0)).isEqualTo(longest))
                .satisfies(all -> assertThat(all.get(1)).startsWith("too long: "))
                .endsWith("end");
    }

    @Test
    void aLineThatIsTooLongMayBeTheLast() throws IOException {
        assertThat(lines("a\n" + "x".repeat(2 * LONGEST)))
                .hasSize(2)
                .satisfies(all -> assertThat(all.get(1)).startsWith("too long: "));
    }

    @Test
    void theMemoryOfALongLineIsLetGo() throws IOException {
        byte[] text = ("x".repeat(5 << 20) + "\na\nb\n").getBytes(StandardCharsets.UTF_8);
        Lines lines = new Lines(new ByteArrayInputStream(text), 8 << 20);

        lines.next();
        assertThat(lines.length()).isEqualTo(5 << 20);
        lines.next();
        assertThat(lines.buffer().length).isLessThan(1 << 20);
        assertThat(new String(lines.buffer(), lines.offset(), lines.length(), StandardCharsets.UTF_8))
                .isEqualTo("a");
        lines.next();
        assertThat(new String(lines.buffer(), lines.offset(), lines.length(), StandardCharsets.UTF_8))
                .isEqualTo("b");
        assertThat(lines.next()).isFalse();
    }
}
