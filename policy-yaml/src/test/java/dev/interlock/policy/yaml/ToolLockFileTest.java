package dev.interlock.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.tool.ToolDefinition;
import dev.interlock.policy.tool.ToolLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolLockFileTest {

    @TempDir
    private Path directory;

    private static final ToolLock LOCK = ToolLock.EMPTY
            .accepting(null, List.of(ToolDefinition.named("b").withDescription("B."), ToolDefinition.named("a")))
            .accepting("s", List.of(ToolDefinition.named("c\u202e")));

    private static ToolLock parse(String text) {
        return ToolLockFile.parse(text.getBytes(StandardCharsets.UTF_8), "lock");
    }

    @Test
    void whatIsWrittenReadsBack() throws IOException {
        Path file = directory.resolve("tools.lock.json");
        Files.writeString(file, "old");

        ToolLockFile.write(file, LOCK);

        assertThat(ToolLockFile.read(file)).isEqualTo(LOCK);
        assertThat(Files.readString(file)).isEqualTo(ToolLockFile.write(LOCK)).isASCII();
        assertThat(directory)
                .isDirectoryContaining(path -> path.equals(file))
                .isDirectoryNotContaining(path -> !path.equals(file));
    }

    @Property
    void toolsOfAnyNameReadBack(@ForAll @Size(max = 5) List<String> names) {
        List<ToolDefinition> tools = names.stream()
                .map(name -> new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
                .map(ToolDefinition::named)
                .toList();
        ToolLock lock = ToolLock.EMPTY.accepting(null, tools);

        assertThat(parse(ToolLockFile.write(lock))).isEqualTo(lock);
    }

    @Test
    void aLockThatIsNotAsItShouldBeIsRefusedAsAWhole() {
        String good = ToolLockFile.write(LOCK);

        assertThatThrownBy(() -> parse(good.replace("\"version\": 1", "\"version\": 2")))
                .hasMessageContaining("lock:2:");
        assertThatThrownBy(() -> parse(good.replace("\"tool\": \"a\"", "\"tool\": \"b\"")))
                .hasMessageContaining("pinned twice");
        assertThatThrownBy(() -> parse(good.replaceFirst("\"sha256\": \"..", "\"sha256\": \"")))
                .hasMessageContaining("64 hexadecimal digits");
        assertThatThrownBy(() -> parse(good.replace("\"tools\"", "\"tool\""))).hasMessageContaining("unknown key");
        assertThatThrownBy(() -> parse("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> parse("[]")).isInstanceOf(IllegalArgumentException.class);
    }
}
