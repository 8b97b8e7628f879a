-- The ledger of calls: what the PBX proved, whose lead it is, what it counts for and why not. All of it derived.

create table calls (
  id bigint generated always as identity primary key,
  source_id bigint not null references sources (id),
  call_key text not null,
  started_on date not null,
  direction text not null,
  extension text,
  number text,
  number_raw text,
  started_at timestamptz not null,
  answered_at timestamptz,
  ended_at timestamptz,
  ring_seconds int,
  talk_seconds int not null,
  disposition text not null,
  hangup_cause text,
  recording_url text,
  via text not null,
  final boolean not null,
  talked jsonb not null,
  delivery_ids bigint[] not null,
  manager_id bigint references managers (id),
  duty_manager_id bigint references managers (id),
  day date not null,
  lead_id bigint references leads (id),
  candidates bigint[] not null default '{}',
  match text not null,
  match_reason text not null default '',
  why_not_dial text,
  why_not_connect text,
  on_norm_lead boolean not null default false,
  comment text not null default 'not_needed',
  next_contact text not null default 'not_needed',
  understood_at timestamptz not null,
  unique (started_on, source_id, call_key)
);

-- Day first: a day's board reads neighbouring pages, and a number is looked up within few days (EC-15, EC-34).
create index calls_by_day on calls (day, number, manager_id);
create index calls_by_lead on calls (lead_id, started_at) where lead_id is not null;
-- Few numbers are several leads': only those calls are looked up by a lead that was not chosen (EC-17).
create index calls_by_candidate on calls using gin (candidates) where cardinality(candidates) > 1;
