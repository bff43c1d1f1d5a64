package dev.interlock.policy.tool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.tool.AnnouncedTools.Announced;
import dev.interlock.policy.tool.AnnouncedTools.Listing;
import dev.interlock.policy.tool.ToolCatalog.KnownTool;
import dev.interlock.policy.tool.ToolCatalog.Shadowing;
import dev.interlock.policy.value.ObjectValue;
import dev.interlock.policy.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AnnouncedToolsTest {

    private final List<Shadowing> shadowed = new ArrayList<>();
    private final AtomicInteger rated = new AtomicInteger();
    private final ToolCatalog catalog = new ToolCatalog(this::rate, Map.of(), shadowed::add);
    private final AtomicInteger changes = new AtomicInteger();
    private final AnnouncedTools tools = catalog.open("shop", changes);

    private ToolRating rate(ToolDefinition tool) {
        rated.incrementAndGet();
        return ToolRating.of(tool.description().contains("delete") ? ToolCategory.DESTRUCTIVE : ToolCategory.READ);
    }

    private static ToolDefinition tool(String name, String description) {
        return ToolDefinition.named(name).withDescription(description);
    }

    private static List<@Nullable Announced> list(AnnouncedTools tools, ToolDefinition... page) {
        return tools.listing(null).page(List.of(page), null);
    }

    private static @Nullable String says(AnnouncedTools tools, String name) {
        KnownTool known = tools.find(name);
        return known == null ? null : known.definition().description();
    }

    private static List<@Nullable String> shown(List<@Nullable Announced> page) {
        return page.stream()
                .map(tool -> tool == null ? null : tool.definition().description())
                .toList();
    }

    @Test
    void aWholeListTakesThePlaceOfAllThatWasKnown() {
        list(tools, tool("a", "1"), tool("b", "1"));
        list(tools, tool("b", "2"), tool("c", "2"));

        assertThat(Arrays.asList(says(tools, "a"), says(tools, "b"), says(tools, "c")))
                .containsExactly(null, "2", "2");
    }

    @Test
    void aListOfSeveralPagesTakesItWithItsLastPage() {
        list(tools, tool("old", "1"));

        tools.listing(null).page(List.of(tool("a", "2")), "next");
        assertThat(says(tools, "a")).as("known as soon as it was announced").isEqualTo("2");
        assertThat(says(tools, "old")).isEqualTo("1");

        tools.listing("next").page(List.of(tool("b", "2")), null);
        assertThat(says(tools, "a")).isEqualTo("2");
        assertThat(says(tools, "b")).isEqualTo("2");
        assertThat(says(tools, "old")).as("forgotten with the last page").isNull();
    }

    @Test
    void aListThatIsCutOffOnlyAdds() {
        list(tools, tool("old", "1"));

        tools.listing(null).page(List.of(tool("a", "2")), "never asked for");
        tools.listing("of another list").page(List.of(tool("b", "2")), null);

        assertThat(says(tools, "old")).isEqualTo("1");
        assertThat(says(tools, "a")).isEqualTo("2");
        assertThat(says(tools, "b")).isEqualTo("2");
    }

    @Test
    void ofTwoToolsOfOneNameOnAPageTheLastIsKnownAndShown() {
        List<@Nullable Announced> page = list(tools, tool("a", "poisoned"), tool("b", "b"), tool("a", "good"));

        assertThat(shown(page)).containsExactly(null, "b", "good");
        assertThat(says(tools, "a")).isEqualTo("good");
    }

    @Test
    void aNameThatALaterPageContradictsIsNotKnownAndNotShownAgain() {
        tools.listing(null).page(List.of(tool("a", "reads"), tool("b", "b")), "2");
        List<@Nullable Announced> second = tools.listing("2").page(List.of(tool("a", "deletes"), tool("b", "b")), "3");
        List<@Nullable Announced> third = tools.listing("3").page(List.of(tool("a", "reads")), null);

        assertThat(shown(second)).containsExactly(null, null);
        assertThat(shown(third)).containsExactly((String) null);
        assertThat(says(tools, "a")).isNull();
        assertThat(says(tools, "b")).isEqualTo("b");

        list(tools, tool("a", "reads"));
        assertThat(says(tools, "a")).as("after a list that is of one mind").isEqualTo("reads");
    }

    @Test
    void afterAChangeNothingIsKnownUntilAListAskedForSinceIsReadToItsEnd() {
        list(tools, tool("a", "1"));
        Listing askedForBefore = tools.listing(null);
        changes.incrementAndGet();
        assertThat(says(tools, "a")).isNull();

        askedForBefore.page(List.of(tool("a", "1")), null);
        assertThat(says(tools, "a")).isNull();

        tools.listing(null).page(List.of(tool("a", "2")), "more");
        assertThat(says(tools, "a")).isNull();

        tools.listing("more").page(List.of(), null);
        assertThat(says(tools, "a")).isEqualTo("2");
    }

    @Test
    void aConnectionIsJudgedByWhatItsOwnServerSaidWhateverOthersSay() {
        AnnouncedTools other = catalog.open("shop", new AtomicInteger());
        list(tools, tool("a", "one"));
        list(other, tool("a", "other"), tool("b", "other"));

        assertThat(says(tools, "a")).isEqualTo("one");
        assertThat(says(tools, "b")).isNull();
        assertThat(says(other, "a")).isEqualTo("other");
        assertThat(catalog.find("shop", "a").definition().description()).isEqualTo("other");
    }

    @Test
    void whatAConnectionKnewIsForgottenWithItAndNotBeforeTheLastThatKnewIt() {
        AnnouncedTools other = catalog.open("shop", new AtomicInteger());
        list(tools, tool("a", "one"));
        list(other, tool("a", "other"));

        other.close();
        assertThat(catalog.find("shop", "a").definition().description()).isEqualTo("one");
        tools.close();
        assertThat(catalog.find("shop", "a")).isNull();
        assertThat(list(tools, tool("a", "late"))).containsExactly((Announced) null);
        assertThat(catalog.find("shop", "a")).isNull();
    }

    @Test
    void theFloodOfOneServerTakesNoRoomFromAnother() {
        AnnouncedTools flooding = catalog.open("flood", new AtomicInteger());
        for (int page = 0; page < 12; page++) {
            List<ToolDefinition> many = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                many.add(ToolDefinition.named("t" + (page * 1_000 + i)));
            }
            flooding.listing(page == 0 ? null : "c" + page).page(many, "c" + (page + 1));
        }

        list(tools, tool("sync", "deletes"));

        assertThat(flooding.find("t9999")).isNotNull();
        assertThat(flooding.find("t10000")).as("past the bound").isNull();
        assertThat(catalog.find("shop", "sync").rating().category()).isEqualTo(ToolCategory.DESTRUCTIVE);
    }

    @Test
    void pastItsBoundAToolIsNeitherKnownNorRated() {
        List<ToolDefinition> many = new ArrayList<>();
        for (int i = 0; i < AnnouncedTools.MAX_TOOLS + 500; i++) {
            many.add(ToolDefinition.named("t" + i));
        }

        List<@Nullable Announced> page = tools.listing(null).page(many, null);

        assertThat(page.get(AnnouncedTools.MAX_TOOLS - 1).known()).isNotNull();
        assertThat(page.get(AnnouncedTools.MAX_TOOLS).known()).isNull();
        assertThat(rated).hasValue(AnnouncedTools.MAX_TOOLS);
    }

    @Test
    void definitionsTakeNoMoreThanTheirBytesHoweverOftenTheServerListsOthers() {
        String large = "x".repeat(1 << 20);
        int known = 0;
        for (int i = 0; i < 100; i++) {
            tools.listing("cut " + i).page(List.of(tool("t" + i, large)), "more");
        }
        for (int i = 0; i < 100; i++) {
            known += tools.find("t" + i) == null ? 0 : 1;
        }

        assertThat(known * 2L * large.length()).isPositive().isLessThanOrEqualTo(AnnouncedTools.MAX_BYTES);
    }

    @Test
    void aDefinitionThatOutgrowsTheRoomIsUnknownAndNotWhatItWas() {
        list(tools, tool("a", "reads"), tool("b", "b"));

        tools.listing("cut").page(List.of(tool("a", "deletes " + "x".repeat(8 << 20))), "more");

        assertThat(says(tools, "a")).isNull();
        assertThat(says(tools, "b")).isEqualTo("b");
    }

    @Test
    void everyPartOfADefinitionCounts() {
        ObjectValue large = (ObjectValue) Value.freeze(Map.of("text", "x".repeat(1 << 19)));
        ToolDefinition plain = ToolDefinition.named("a");

        assertThat(List.of(
                        plain.withTitle("x".repeat(1 << 19)),
                        plain.withInputSchema(large),
                        plain.withOutputSchema(large),
                        plain.withAnnotations(large),
                        plain.withOthers(large)))
                .allSatisfy(definition -> assertThat(Weight.of(definition)).isGreaterThan(1 << 20));
    }

    @Test
    void theSameDefinitionIsRatedOnceForAllConnectionsToAServer() {
        list(tools, tool("a", "one"), tool("b", "one"));
        int before = rated.get();

        AnnouncedTools other = catalog.open("shop", new AtomicInteger());
        list(other, tool("a", "one"), tool("b", "other"));

        assertThat(rated).hasValue(before + 1);
        assertThat(other.find("a")).isSameAs(tools.find("a"));
    }

    @Test
    void twoServersWithAToolOfOneNameAreToldOnceHoweverOftenTheyConnect() {
        for (int i = 0; i < 3; i++) {
            AnnouncedTools mail = catalog.open("mail", new AtomicInteger());
            list(tools, tool("a", "1"));
            list(mail, tool("a", "1"));
            mail.close();
        }

        assertThat(shadowed).containsExactly(new Shadowing("a", "mail", "shop"));
    }

    @Test
    void whatTheHostTeachesOnlyAdds() {
        catalog.learn("shop", List.of(tool("a", "1")));
        catalog.learn("shop", List.of(tool("b", "1")));
        catalog.learn("shop", List.of(tool("b", "2")));

        assertThat(catalog.find("shop", "a")).isNotNull();
        assertThat(catalog.find("shop", "b").definition().description()).isEqualTo("2");
        assertThat(tools.find("a")).isNull();
    }
}
