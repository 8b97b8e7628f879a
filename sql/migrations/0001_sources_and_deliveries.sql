-- What arrived, raw: kept before it is understood, so that a parser's bug costs a replay and never a call.

create table sources (
  id bigint generated always as identity primary key,
  name text not null unique,
  dialect text not null,
  options jsonb not null,
  secrets jsonb not null,
  created_at timestamptz not null,
  retired_at timestamptz
);

create table source_tokens (
  token_hash bytea primary key,
  source_id bigint not null references sources (id),
  issued_at timestamptz not null,
  retired_at timestamptz
);

-- A repeat is the same bytes to the same address. The day of receipt leads the unique key so that its index stays
-- small where inserts happen; the day before is asked for by the insert itself. No foreign key: only a proved source gets here,
-- sources are never deleted, and the check would be a fifth of the door's insert.
create table deliveries (
  id bigint generated always as identity primary key,
  source_id bigint not null,
  received_at timestamptz not null,
  received_on date not null,
  digest bytea not null,
  method text not null,
  tail text not null,
  query text not null,
  headers jsonb not null,
  body bytea not null,
  outcome text not null check (outcome in ('waiting', 'understood', 'not_a_call', 'malformed', 'failed')),
  why text,
  attempts int not null default 0,
  due_at timestamptz not null,
  settled_at timestamptz,
  call_ids bigint[] not null default '{}',
  unique (received_on, source_id, digest)
);

create index deliveries_waiting on deliveries (due_at, id) where outcome = 'waiting';
create index deliveries_refused on deliveries (source_id, received_at) where outcome in ('not_a_call', 'malformed', 'failed');

-- What connects rows of one call. Days lead the key for the same reason: rows of a call share a day or its neighbour.
create table ties (
  day date not null,
  source_id bigint not null,
  tie text not null,
  delivery_id bigint not null,
  primary key (day, source_id, tie, delivery_id)
);

-- Whoever holds this row derives: one writer of derived facts a company, whatever the number of workers.
-- judged_at is the moment up to which deadlines have been watched: only the watch moves it, everybody judges by it.
create table pen (
  id int primary key check (id = 1),
  judged_at timestamptz not null
);

insert into pen (id, judged_at) values (1, 'epoch');
