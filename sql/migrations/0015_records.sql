-- What people record about clients: what a comment said before (R24), exemptions from the next date (R27), meetings (R8), why a date is far (R29).

alter table comments add column edited_at timestamptz;

create table comment_versions (
  id bigint generated always as identity primary key,
  comment_id bigint not null references comments (id),
  text text not null,
  outcome text,
  goal text,
  until timestamptz not null,
  changed_by text not null
);

create index comment_versions_by_comment on comment_versions (comment_id, until);

alter table planned_contacts add column reason text;

-- No next date is owed from approved_at until withdrawn_at; an opt-out is known from asked_at on (EC-64).
create table exemptions (
  id bigint generated always as identity primary key,
  lead_id bigint not null references leads (id),
  kind text not null check (kind in ('wrong_number', 'liquidated', 'opt_out', 'competitor', 'colleague')),
  reason text not null,
  status text not null check (status in ('asked', 'approved', 'refused', 'withdrawn')),
  asked_by text not null,
  asked_at timestamptz not null,
  approved_by text,
  approved_at timestamptz,
  refused_by text,
  refused_at timestamptz,
  withdrawn_by text,
  withdrawn_at timestamptz,
  answer text
);

create unique index exemptions_standing on exemptions (lead_id, kind) where status in ('asked', 'approved');
create index exemptions_by_lead on exemptions (lead_id);

create table meetings (
  id bigint generated always as identity primary key,
  lead_id bigint not null references leads (id),
  manager_id bigint references managers (id),
  author_kind text not null check (author_kind in ('person', 'machine')),
  author_name text not null,
  started_at timestamptz not null,
  ended_at timestamptz not null check (ended_at > started_at),
  goal text,
  written_at timestamptz not null
);

create index meetings_by_lead on meetings (lead_id, started_at);

alter table violations drop constraint violations_subject_kind_check;

alter table violations add constraint violations_subject_kind_check
  check (subject_kind in ('call', 'lead', 'day', 'planned', 'meeting'));
