-- The sessions that have marks, or calls that may set some. Times are nanoseconds since 1970.
--
-- The key is the session as bytes in its order, or what stands for one that is too long for an index. The session is for
-- people, with what can't be shown replaced, and so are the names of its marks and the number of its calls under way.
-- The name is the session as bytes, whatever its length. The state holds all that is kept. seen_at is
-- the latest time at which the row was used: the clock of the session never goes back behind it. From empty_at on,
-- nothing of the session is left unless something happens before, and the row may be deleted.
CREATE TABLE interlock_sessions (
  session_key {bytes} NOT NULL PRIMARY KEY,
  session TEXT NOT NULL,
  marks TEXT NOT NULL,
  calls INTEGER NOT NULL,
  last_call BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  empty_at BIGINT NOT NULL,
  moment BIGINT NOT NULL,
  caller TEXT NOT NULL,
  callers TEXT NOT NULL,
  name {bytes} NOT NULL,
  state {bytes} NOT NULL
);

CREATE INDEX interlock_sessions_empty_at ON interlock_sessions (empty_at);

-- How many rows there are: of all callers, of all with and of all without an identity, and of each one, by a hash. The
-- first row also keeps the latest moment of any row that was deleted, so that no session goes back behind its own.
CREATE TABLE interlock_session_shares (
  holder TEXT NOT NULL PRIMARY KEY,
  sessions BIGINT NOT NULL,
  moment BIGINT NOT NULL
);

INSERT INTO interlock_session_shares VALUES ('all', 0, 0);
