package dev.interlock.policy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.interlock.policy.approval.ApprovalStore;
import dev.interlock.policy.approval.ApprovalTickets.AnswerResult;
import dev.interlock.policy.approval.NewTicket;
import dev.interlock.policy.approval.Ticket;
import dev.interlock.policy.approval.TicketAnswer;
import dev.interlock.policy.approval.TicketClaim;
import dev.interlock.policy.jdbc.CutCommits.Cut;
import dev.interlock.policy.limit.UnavailableException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A connection that breaks while a ticket's transaction commits. The same over a network: {@link PostgresCutTest}. */
class CutCommitTest {

    private static final TicketAnswer YES = new TicketAnswer(true, "Ada", null, null);

    private final SqliteFile file = SqliteFile.create();
    private final CutCommits network = new CutCommits(file.connections());
    private final JdbcStore cut = StoreRaceContract.patient(network.connections())
            .breaker(1_000, Duration.ofMillis(1))
            .build();
    private final JdbcStore sound =
            StoreRaceContract.patient(file.connections()).build();
    private final ApprovalStore tickets = cut.approvalStore();
    private final ApprovalStore others = sound.approvalStore();

    @BeforeEach
    void open() {
        cut.open();
    }

    @AfterEach
    void close() {
        cut.close();
        sound.close();
        file.close();
    }

    private static boolean passes(ApprovalStore store) {
        return store.claim(StoreRacer.ticket("call"), StoreRacer.ROOMY) instanceof TicketClaim.Found found
                && found.ticket().state() == Ticket.State.APPROVED;
    }

    private String approved() {
        NewTicket fresh = StoreRacer.ticket("call");
        others.claim(fresh, StoreRacer.ROOMY);
        assertThat(others.answer(fresh.id(), YES)).isEqualTo(AnswerResult.ACCEPTED);
        return fresh.id();
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void aYesIsUsedOnceIfTheConnectionBreaks(Cut when) {
        approved();
        network.cutAtNextCommit(when, false);

        assertThat(passes(tickets)).isTrue();
        assertThat(passes(others)).isFalse();
        assertThat(passes(tickets)).isFalse();
    }

    @Test
    void aYesWhoseUseIsNotKnownIsNeverUsedAgain() {
        approved();
        network.cutAtNextCommit(Cut.AFTER, true);
        assertThatThrownBy(() -> passes(tickets)).isInstanceOf(UnavailableException.class);
        network.repair();

        assertThat(passes(others)).isFalse();
        assertThat(passes(tickets)).isFalse();
    }

    @Test
    void aYesThatWasNotUsedIsGoodForOneMore() {
        approved();
        network.cutAtNextCommit(Cut.BEFORE, true);
        assertThatThrownBy(() -> passes(tickets)).isInstanceOf(UnavailableException.class);
        network.repair();

        assertThat(passes(others)).isTrue();
        assertThat(passes(tickets)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void oneTicketIsOpenedIfTheConnectionBreaks(Cut when) {
        network.cutAtNextCommit(when, false);
        NewTicket fresh = StoreRacer.ticket("call");

        assertThat(tickets.claim(fresh, StoreRacer.ROOMY)).isInstanceOf(TicketClaim.Opened.class);
        assertThat(others.list()).extracting(Ticket::id).containsExactly(fresh.id());
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void anAnswerCountsOnceAndIsToldSoIfTheConnectionBreaks(Cut when) {
        NewTicket fresh = StoreRacer.ticket("call");
        others.claim(fresh, StoreRacer.ROOMY);
        network.cutAtNextCommit(when, false);

        assertThat(tickets.answer(fresh.id(), YES)).isEqualTo(AnswerResult.ACCEPTED);
        assertThat(passes(others)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Cut.class)
    void aYesIsGivenBackOnceIfTheConnectionBreaks(Cut when) {
        String id = approved();
        assertThat(passes(others)).isTrue();
        network.cutAtNextCommit(when, false);
        tickets.giveBack(id);

        assertThat(passes(others)).isTrue();
        assertThat(passes(others)).isFalse();
    }
}
