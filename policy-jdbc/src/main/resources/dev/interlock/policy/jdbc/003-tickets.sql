-- The tickets that have not expired, those that are used up included. Times are nanoseconds since 1970.
--
-- The state is pending, approved, denied or used. The texts from tool to reason are for people, with what can't be seen
-- escaped, and cut where they are long; request and answer hold the same whole, as JSON. The binding is what a yes is
-- good for, and the holder whom the ticket is counted to, each as a hash. lasting is how long a ticket waits for an
-- answer, and how long that answer is good.
CREATE TABLE interlock_tickets (
  id TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  tool TEXT NOT NULL,
  server TEXT,
  identity TEXT,
  opened_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  answered_by TEXT,
  reason TEXT,
  binding TEXT NOT NULL,
  holder TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  lasting BIGINT NOT NULL,
  answer TEXT,
  request TEXT NOT NULL
);

CREATE UNIQUE INDEX interlock_tickets_binding ON interlock_tickets (binding) WHERE state <> 'used';

-- Also what the bounds are counted by, without the rows themselves.
CREATE INDEX interlock_tickets_holder ON interlock_tickets (holder, state, bytes);

CREATE INDEX interlock_tickets_expires_at ON interlock_tickets (expires_at);

-- One row, which each transaction locks before it changes a ticket, so that they happen one after the other.
CREATE TABLE interlock_ticket_turn (
  one INTEGER NOT NULL PRIMARY KEY,
  turns BIGINT NOT NULL
);

INSERT INTO interlock_ticket_turn VALUES (1, 0);
