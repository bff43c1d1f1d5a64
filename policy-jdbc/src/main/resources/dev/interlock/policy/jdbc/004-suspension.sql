-- Whether all calls are suspended: one row, which is always there. Where suspended is not 0, calls are suspended, also
-- if a person has set it by hand. reason, suspended_by and since are for people, with what can't be shown escaped; the
-- columns after them hold the same whole. since is when, as ISO 8601.
CREATE TABLE interlock_suspension (
  one INTEGER NOT NULL PRIMARY KEY,
  suspended INTEGER NOT NULL,
  reason TEXT,
  suspended_by TEXT,
  since TEXT,
  whole_reason {bytes},
  whole_by {bytes}
);

INSERT INTO interlock_suspension (one, suspended) VALUES (1, 0);
