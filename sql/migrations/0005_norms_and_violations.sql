-- What is due and what was found: norms and policy are versioned rows, a violation names the version it was judged by.

create table norms (
  id bigint generated always as identity primary key,
  metric text not null check (metric in ('dials', 'connects', 'new_leads')),
  segment text not null,
  team text,
  manager_id bigint references managers (id),
  min int not null check (min >= 0),
  target int not null check (target >= min),
  from_day date,
  author text not null,
  created_at timestamptz not null
);

insert into norms (metric, segment, min, target, author, created_at)
values ('dials', 'cold', 60, 70, 'regulation', 'epoch'), ('connects', 'cold', 30, 40, 'regulation', 'epoch'),
       ('new_leads', 'cold', 10, 10, 'regulation', 'epoch');

create table policies (
  id bigint generated always as identity primary key,
  name text not null,
  value text not null,
  team text,
  manager_id bigint references managers (id),
  segment text,
  from_day date,
  author text not null,
  reason text,
  created_at timestamptz not null
);

create index policies_by_name on policies (name);

-- A day that was closed for a manager: when, and up to which entry of leads, so that asking again gives the same answer.
create table closed_days (
  manager_id bigint not null references managers (id),
  day date not null,
  closed_at timestamptz not null,
  leads_until timestamptz not null,
  primary key (manager_id, day)
);

-- A stretch without evidence that a supervisor has settled (EC-40): an outage excuses the day, a pause does not.
create table silences (
  id bigint generated always as identity primary key,
  source_id bigint not null references sources (id),
  from_at timestamptz not null,
  to_at timestamptz not null check (to_at > from_at),
  settled_as text not null check (settled_as in ('outage', 'pause')),
  author text not null,
  reason text,
  created_at timestamptz not null
);

create table violations (
  id bigint generated always as identity primary key,
  code text not null,
  subject_kind text not null check (subject_kind in ('call', 'lead', 'day', 'planned')),
  subject_id text not null,
  manager_id bigint not null references managers (id),
  day date not null,
  status text not null check (status in ('watching', 'reminded', 'open', 'fixed_late', 'disputed', 'confirmed', 'excused', 'closed')),
  closed_because text,
  remind_at timestamptz,
  due_at timestamptz not null,
  opened_at timestamptz,
  closed_at timestamptz,
  fixed_at timestamptz,
  policy_version text not null,
  evidence jsonb not null,
  unique (day, manager_id, code, subject_kind, subject_id)
);

create index violations_waiting on violations (due_at) where status in ('watching', 'reminded');
create index violations_by_status on violations (status, day) where status not in ('closed', 'watching', 'reminded');
create index violations_by_subject on violations (subject_kind, subject_id);

create table violation_moves (
  id bigint generated always as identity primary key,
  violation_id bigint not null references violations (id),
  from_status text not null,
  to_status text not null,
  at timestamptz not null,
  author text not null,
  reason text
);

create index violation_moves_by_violation on violation_moves (violation_id);
