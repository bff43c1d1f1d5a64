package dev.interlock.policy.jdbc;

import dev.interlock.policy.session.SessionRecord;
import dev.interlock.policy.session.SessionRecords;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows and clears the sessions in the database. */
final class JdbcSessionRecords implements SessionRecords {

    private final Transactions transactions;
    private final SessionRows rows;

    JdbcSessionRecords(Transactions transactions, SessionRows rows) {
        this.transactions = transactions;
        this.rows = rows;
    }

    @Override
    public List<SessionRecord> list(@Nullable String after, int most) {
        return transactions.read(transaction -> rows.list(transaction, after, most));
    }

    @Override
    public boolean clear(String session) {
        return transactions.change(transaction -> rows.clear(transaction, session));
    }
}
