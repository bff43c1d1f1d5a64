package dev.interlock.policy.jdbc;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Sixteen processes on one file. With the servers, because it takes half a minute. */
@Tag("servers")
class SqliteRaceTest extends StoreRaceContract {

    private static final List<SqliteFile> FILES = new ArrayList<>();
    private static RacingJvms jvms;

    @BeforeAll
    static void start() {
        jvms = RacingJvms.start(16);
    }

    @AfterAll
    static void stop() {
        jvms.close();
        FILES.forEach(SqliteFile::close);
        FILES.clear();
    }

    @Override
    protected RacingJvms jvms() {
        return jvms;
    }

    @Override
    protected String freshDatabase() {
        SqliteFile file = SqliteFile.create();
        FILES.add(file);
        return file.url();
    }

    @Override
    protected JdbcStore open(String at) {
        return patient(FILES.get(FILES.size() - 1).connections()).build();
    }
}
