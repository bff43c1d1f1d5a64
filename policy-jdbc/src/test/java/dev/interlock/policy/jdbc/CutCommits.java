package dev.interlock.policy.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;

/** Connections of which one breaks at a commit: a database in this process has no network that could be cut. */
final class CutCommits {

    /** When it breaks. */
    enum Cut {
        /** Nothing is committed. */
        BEFORE,
        /** It is committed, but the answer is lost. */
        AFTER
    }

    private final DataSource source;
    private final AtomicReference<Cut> next = new AtomicReference<>();
    private volatile boolean refusing;
    private volatile boolean refuseAfterCut;

    CutCommits(DataSource source) {
        this.source = source;
    }

    /**
     * Breaks at the next commit.
     *
     * @param forGood whether there are no connections after it
     */
    void cutAtNextCommit(Cut cut, boolean forGood) {
        refuseAfterCut = forGood;
        next.set(cut);
    }

    void repair() {
        refusing = false;
    }

    DataSource connections() {
        return proxy(DataSource.class, source, (name, real, argument) -> {
            if (!name.equals("getConnection")) {
                return real.call();
            }
            if (refusing) {
                throw new SQLException("there is no way to the database", "08001");
            }
            return connection((Connection) real.call());
        });
    }

    private Connection connection(Connection connection) {
        return proxy(Connection.class, connection, (name, real, argument) -> {
            if (name.equals("commit")) {
                commit(connection, real);
                return null;
            }
            return name.equals("createStatement") ? statement(connection, (Statement) real.call()) : real.call();
        });
    }

    private Statement statement(Connection connection, Statement statement) {
        return proxy(Statement.class, statement, (name, real, argument) -> {
            if (name.equals("execute") && "COMMIT".equals(argument)) {
                commit(connection, real);
                return false;
            }
            return real.call();
        });
    }

    private void commit(Connection connection, Real real) throws Throwable {
        Cut cut = next.getAndSet(null);
        if (cut == null || cut == Cut.AFTER) {
            real.call();
        }
        if (cut != null) {
            refusing = refuseAfterCut;
            connection.abort(Runnable::run);
            throw new SQLException("the connection is lost", "08006");
        }
    }

    /** What would be called without this class. */
    private interface Real {
        Object call() throws Throwable;
    }

    private interface Instead {
        Object call(String name, Real real, Object firstArgument) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, T object, Instead instead) {
        return type.cast(Proxy.newProxyInstance(
                CutCommits.class.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    Object first = arguments == null || arguments.length == 0 ? null : arguments[0];
                    return instead.call(
                            method.getName(),
                            () -> {
                                try {
                                    return method.invoke(object, arguments);
                                } catch (InvocationTargetException e) {
                                    throw e.getCause();
                                }
                            },
                            first);
                }));
    }
}
