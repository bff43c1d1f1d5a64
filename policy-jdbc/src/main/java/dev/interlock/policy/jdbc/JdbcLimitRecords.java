package dev.interlock.policy.jdbc;

import dev.interlock.policy.limit.LimitKey;
import dev.interlock.policy.limit.LimitRecord;
import dev.interlock.policy.limit.LimitRecords;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows and forgets what limits have counted in the database. */
final class JdbcLimitRecords implements LimitRecords {

    private final Transactions transactions;
    private final LimitRows rows;

    JdbcLimitRecords(Transactions transactions, LimitRows rows) {
        this.transactions = transactions;
        this.rows = rows;
    }

    @Override
    public List<LimitRecord> list(@Nullable LimitKey after, int most) {
        return transactions.read(transaction -> rows.list(transaction, after, most));
    }

    @Override
    public boolean reset(LimitKey key) {
        return transactions.change(transaction -> rows.reset(transaction, key));
    }
}
