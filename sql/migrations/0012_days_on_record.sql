-- What a closed day was judged by: the last version of norms and policy, and the last move of a lead, that were known then.
-- A later change leaves the day as it is until a supervisor reopens it. Each report of a day is kept as it was given.

alter table closed_days add column policies_until bigint not null default 0, add column norms_until bigint not null default 0,
  add column moves_until bigint not null default 0;

update closed_days set policies_until = (select coalesce(max(id), 0) from policies), norms_until = (select coalesce(max(id), 0) from norms);

create table day_reports (
  id bigint generated always as identity primary key,
  manager_id bigint not null references managers (id),
  day date not null,
  kind text not null check (kind in ('provisional', 'closed', 'corrected', 'reopened')),
  at timestamptz not null,
  author text,
  reason text,
  line jsonb not null
);

create index day_reports_by_day on day_reports (day, manager_id);

create table lead_moves (
  id bigint generated always as identity primary key,
  lead_id bigint not null references leads (id),
  field text not null check (field in ('segment', 'manager', 'stage')),
  was text,
  became text,
  author text not null,
  at timestamptz not null
);

create index lead_moves_by_lead on lead_moves (lead_id);

-- How far a connector has read another CRM: no deadline passes before what was written there until then is here (EC-41).
create table connectors (
  name text primary key,
  seen_until timestamptz not null,
  told_at timestamptz not null,
  retired_at timestamptz
);
