-- What limits have counted, one row for each key. Times are nanoseconds since 1970.
--
-- A key is the limit, the subject and the values of the call that are counted separately, as bytes in their order, or
-- what stands for one that is too long for an index; name is the whole key then, and null otherwise. The columns from
-- limit_name to used are for people, with what can't be shown replaced. The cell holds all that is counted. A count
-- that is begun anew has another generation, so that what was granted before changes nothing after. seen_at is the
-- latest time at which the row was used: the clock that it is counted by never goes back behind it. From fresh_at on,
-- nothing is counted any more unless something happens before; the row may be deleted some minutes later.
CREATE TABLE interlock_limits (
  key {bytes} NOT NULL PRIMARY KEY,
  limit_name TEXT NOT NULL,
  subject TEXT NOT NULL,
  call_values TEXT NOT NULL,
  kind TEXT NOT NULL,
  used NUMERIC NOT NULL,
  fresh_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  name {bytes},
  cell {bytes} NOT NULL
);

-- The transactions of the last minutes that changed something. One whose answer was lost is asked for by its id.
CREATE TABLE interlock_commits (
  id TEXT NOT NULL PRIMARY KEY,
  expires_at BIGINT NOT NULL
);

CREATE INDEX interlock_commits_expires_at ON interlock_commits (expires_at);
