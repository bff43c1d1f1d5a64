package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.limit.Caller;
import dev.interlock.policy.limit.UnavailableException;
import dev.interlock.policy.session.MarkClaim;
import dev.interlock.policy.session.MarkRoom;
import dev.interlock.policy.session.NewMark;
import dev.interlock.policy.session.SessionChange;
import dev.interlock.policy.session.SessionMemory;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What sessions in a database do besides the contract. */
class JdbcSessionMemoryTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private final SqliteFile file = SqliteFile.create();
    private final StoreFixture fixture = new StoreFixture(file.connections(), 8);
    private final SessionMemory memory = fixture.store.sessionMemory();

    @AfterEach
    void close() {
        fixture.close();
        file.close();
    }

    @Test
    void storesOnTheSameDatabaseShareTheirSessions() {
        set("s", NewMark.plain("web", null));
        try (StoreFixture other = new StoreFixture(file.connections())) {
            assertThat(other.store.sessionMemory().call("s").names()).containsExactly("web");
            MarkRoom.Kept room = room(other.store.sessionMemory(), "s");
            other.store.sessionMemory().change("s", room, setting(NewMark.plain("other", null)));
        }

        assertThat(memory.read("s").names()).containsExactlyInAnyOrder("web", "other");
    }

    @Test
    void aCallerHasAShareOfTheFreePlaces() {
        assertThat(opened("ana", 8)).isEqualTo(1);
        assertThat(opened("bo", 8)).isEqualTo(1);
        assertThat(opened("cy", 8)).isEqualTo(1);
        assertThat(opened("di", 8)).isEqualTo(1);
        assertThat(opened("ed", 8))
                .as("half of all are for those without an identity")
                .isZero();
        assertThat(memory.reserve(new MarkClaim("free", Caller.of(null, "free"), Map.of())))
                .isInstanceOf(MarkRoom.Kept.class);
    }

    @Test
    void placesAreFreeAgainWhenTheMarksHaveLapsed() {
        opened("ana", 1);
        opened("bo", 1);
        opened("cy", 1);
        opened("di", 1);
        fixture.advance(HOUR);

        assertThat(opened("ed", 1)).isEqualTo(1);
        assertThat(number("SELECT COUNT(*) FROM interlock_sessions")).isEqualTo(3);
        assertThat(number("SELECT sessions FROM interlock_session_shares WHERE holder = 'all'"))
                .isEqualTo(3);
        assertThat(number("SELECT sessions FROM interlock_session_shares WHERE holder = 'identified'"))
                .isEqualTo(3);
        assertThat(number("SELECT COUNT(*) FROM interlock_session_shares")).isEqualTo(5);
    }

    @Test
    void aSessionWithoutPlaceLeavesNoRow() {
        opened("ana", 2);

        assertThat(number("SELECT COUNT(*) FROM interlock_sessions")).isEqualTo(1);
        assertThat(memory.reserve(new MarkClaim("more", Caller.of("ana", "more"), Map.of())))
                .isEqualTo(new MarkRoom.None(MarkRoom.Shortage.TOO_MANY_SESSIONS));
        assertThat(number("SELECT COUNT(*) FROM interlock_sessions")).isEqualTo(1);
    }

    @Test
    void momentsGoOnAfterARowWasDeleted() {
        set("s", NewMark.plain("web", HOUR));
        set("s", NewMark.plain("web", HOUR));
        long decided = memory.call("s").moment();
        fixture.advance(HOUR);
        set("t", NewMark.plain("web", HOUR));
        assertThat(number("SELECT COUNT(*) FROM interlock_sessions")).isEqualTo(1);
        set("s", NewMark.plain("web", HOUR));
        memory.change("s", null, new SessionChange(Set.of("web"), decided, List.of(), true));

        assertThat(memory.read("s").names()).containsExactly("web");
    }

    @Test
    void aClockThatStepsBackBringsNothingBack() {
        set("s", NewMark.plain("web", HOUR));
        set("s", NewMark.plain("long", HOUR.multipliedBy(3)));
        fixture.advance(HOUR);
        assertThat(memory.read("s").names()).containsExactly("long");
        fixture.advance(HOUR.negated());

        assertThat(memory.read("s").names()).containsExactly("long");
        memory.call("s");
        try (StoreFixture other = new StoreFixture(file.connections())) {
            assertThat(other.store.sessionMemory().read("s").names()).containsExactly("long");
        }
    }

    @Test
    void whatACallSetsAfterItsRoomHasEndedIsSetAllTheSame() {
        MarkRoom.Kept room = room(memory, "s");
        fixture.advance(Duration.ofDays(7));
        set("t", NewMark.plain("web", null));
        assertThat(number("SELECT COUNT(*) FROM interlock_sessions")).isEqualTo(1);
        memory.change("s", room, setting(NewMark.plain("web", null)));

        assertThat(memory.read("s").names()).containsExactly("web");
    }

    @Test
    void aPersonCanReadTheTable() {
        set("a\u0000b", NewMark.plain("web", null));
        set("a\u0000b", new NewMark("seen", List.of("secret"), true, null));
        room(memory, "a\u0000b");

        assertThat(text("SELECT session || '|' || marks || '|' || calls FROM interlock_sessions"))
                .isEqualTo("a\\u0000b|seen, web|1");
    }

    @Test
    void whenTheDatabaseIsGoneRoomIsRefusedAndTheRestThrows() {
        MarkRoom.Kept room = room(memory, "s");
        fixture.close();

        assertThat(memory.reserve(new MarkClaim("s", Caller.of(null, "s"), Map.of())))
                .isEqualTo(new MarkRoom.None(MarkRoom.Shortage.UNAVAILABLE));
        assertThatThrownBy(() -> memory.call("s")).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> memory.read("s")).isInstanceOf(UnavailableException.class);
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> memory.change("s", room, setting(NewMark.plain("web", null))))
                    .isInstanceOf(UnavailableException.class);
        }
        assertThatThrownBy(() -> memory.callAsync("s").toCompletableFuture().join())
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> fixture.store.sessionRecords().list(null, 1)).isInstanceOf(UnavailableException.class);
    }

    @Test
    void asynchronousFormsDoTheSame() {
        MarkRoom.Kept room = (MarkRoom.Kept) memory.reserveAsync(new MarkClaim("s", Caller.of(null, "s"), Map.of()))
                .toCompletableFuture()
                .join();
        memory.changeAsync("s", room, setting(NewMark.plain("web", null)))
                .toCompletableFuture()
                .join();

        assertThat(memory.callAsync("s").toCompletableFuture().join().names()).containsExactly("web");
    }

    // ---- words for the above ----

    /** How many of so many sessions a caller may open, each with a mark for an hour. */
    private int opened(String identity, int sessions) {
        List<String> opened = new ArrayList<>();
        for (int i = 0; i < sessions; i++) {
            String session = identity + i;
            if (memory.reserve(new MarkClaim(session, Caller.of(identity, session), Map.of()))
                    instanceof MarkRoom.Kept kept) {
                memory.change(session, kept, setting(NewMark.plain("web", HOUR)));
                opened.add(session);
            }
        }
        return opened.size();
    }

    private void set(String session, NewMark mark) {
        memory.change(session, room(memory, session), setting(mark));
    }

    private static SessionChange setting(NewMark mark) {
        return new SessionChange(Set.of(), 0, List.of(mark), true);
    }

    private static MarkRoom.Kept room(SessionMemory in, String session) {
        return (MarkRoom.Kept) in.reserve(new MarkClaim(session, Caller.of(null, session), Map.of()));
    }

    private long number(String sql) {
        return Long.parseLong(text(sql));
    }

    private String text(String sql) {
        try (Connection connection = file.connections().getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
