-- What people are told: a notice is decided with the facts, in their transaction, and sent later by whoever claims it.

alter table managers add column language text check (language in ('ru', 'en'));
alter table users add column notify text[] not null default '{}', add column language text check (language in ('ru', 'en')),
  add column is_owner boolean not null default false, add column team text;

-- ``body`` holds a mark where the link to the form goes, made when it is sent; ``opens`` says which form. ``place`` is which of the
-- person's channels is tried now, ``tries`` how often it was.
create table notices (
  id bigint generated always as identity primary key,
  key text not null unique,
  kind text not null,
  manager_id bigint references managers (id),
  login text references users (login),
  title text not null,
  body text not null,
  opens text,
  decided_at timestamptz not null,
  good_until timestamptz not null,
  status text not null check (status in ('waiting', 'sending', 'sent', 'in_page', 'nothing', 'folded', 'expired', 'undeliverable')),
  place int not null default 0,
  tries int not null default 0,
  next_at timestamptz not null,
  claimed_until timestamptz,
  tried_at timestamptz,
  sent_at timestamptz,
  check ((manager_id is null) <> (login is null))
);

create index violations_to_tell on violations (day) where status in ('reminded', 'open');
create index notices_under_way on notices (next_at) where status in ('waiting', 'sending');
create index notices_undelivered on notices (good_until) where status = 'undeliverable';
create index notices_by_manager on notices (manager_id, kind, decided_at);
create index notices_by_login on notices (login, decided_at);

-- Every try of a notice: over which channel (a scheme, never an address), and what became of it; unknown where nobody came to say.
create table notice_tries (
  id bigint generated always as identity primary key,
  notice_id bigint not null references notices (id),
  channel text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text not null default 'unknown' check (outcome in ('unknown', 'sent', 'later', 'refused')),
  why text
);

create index notice_tries_by_notice on notice_tries (notice_id);

-- What has been told at which stage, so that nothing is told twice; a notice that never went out takes its rows back.
create table told (
  stage text not null,
  subject text not null,
  notice_id bigint not null references notices (id),
  primary key (stage, subject)
);

create index told_by_notice on told (notice_id);

-- Addresses that refused a notice, as they are kept with the person: another address is another row there.
create table dead_channels (
  address text primary key,
  channel text not null,
  since timestamptz not null,
  why text not null
);
