package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.jdbc.CuttingProxy.Cut;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A network that breaks while a ticket's transaction commits. */
@Tag("servers")
class PostgresCutTest {

    private static PostgresServer server;
    private static CuttingProxy network;

    private final String database = server.freshDatabase();
    private final JdbcStore cut = StoreRaceContract.patient(
                    PostgresServer.connections(database.replace(":" + server.port() + "/", ":" + network.port() + "/")))
            .build();
    private final JdbcStore sound =
            StoreRaceContract.patient(PostgresServer.connections(database)).build();
    private final ApprovalStore tickets = cut.approvalStore();
    private final ApprovalStore others = sound.approvalStore();

    @BeforeAll
    static void start() {
        server = PostgresServer.start();
        network = CuttingProxy.to(server.port());
    }

    @AfterAll
    static void stop() throws IOException {
        network.close();
        server.close();
    }

    @AfterEach
    void close() {
        cut.close();
        sound.close();
    }

    private static boolean passes(ApprovalStore store) {
        return store.claim(StoreRacer.ticket("call"), StoreRacer.ROOMY) instanceof TicketClaim.Found found
                && found.ticket().state() == Ticket.State.APPROVED;
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void aYesIsUsedOnceIfTheConnectionBreaks(Cut when) {
        cut.open();
        for (int round = 0; round < 5; round++) {
            NewTicket fresh = StoreRacer.ticket("call");
            assertThat(others.claim(fresh, StoreRacer.ROOMY)).isInstanceOf(TicketClaim.Opened.class);
            others.answer(fresh.id(), new TicketAnswer(true, "Ada", null, null));
            network.cutAtNextCommit(when);

            assertThat(passes(tickets)).isTrue();
            assertThat(passes(others)).isFalse();
            assertThat(others.list()).extracting(Ticket::id).hasSize(1).doesNotContain(fresh.id());
            others.remove(others.list().get(0).id());
        }
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void oneTicketIsOpenedIfTheConnectionBreaks(Cut when) {
        cut.open();
        network.cutAtNextCommit(when);
        NewTicket fresh = StoreRacer.ticket("call");

        assertThat(tickets.claim(fresh, StoreRacer.ROOMY)).isInstanceOf(TicketClaim.Opened.class);
        assertThat(others.list()).extracting(Ticket::id).containsExactly(fresh.id());
    }
}
