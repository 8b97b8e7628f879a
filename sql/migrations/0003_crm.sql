-- The embedded CRM: leads and what people recorded about them. Comments and moves of a date are append-only.

create table leads (
  id bigint generated always as identity primary key,
  name text not null,
  company text,
  segment text not null,
  manager_id bigint references managers (id),
  stage text not null check (stage in ('new', 'potential', 'client', 'lost')),
  lost_reason text,
  buys_analog text not null default 'unknown' check (buys_analog in ('yes', 'no', 'unknown')),
  source text,
  author_id bigint references managers (id),
  author_kind text not null check (author_kind in ('person', 'machine')),
  entered_at timestamptz not null,
  updated_at timestamptz not null
);

create index leads_by_entry on leads (author_id, entered_at);

-- A switchboard is several leads' number; what tells them apart is the extension behind it (EC-18).
create table lead_phones (
  phone text not null,
  lead_id bigint not null references leads (id),
  extension text,
  added_at timestamptz not null,
  primary key (phone, lead_id)
);

create index lead_phones_by_lead on lead_phones (lead_id);

create table comments (
  id bigint generated always as identity primary key,
  lead_id bigint not null references leads (id),
  call_id bigint,
  author_id bigint references managers (id),
  author_kind text not null check (author_kind in ('person', 'machine')),
  author_name text not null,
  text text not null,
  outcome text check (outcome in ('talked', 'agreed', 'not_interested', 'will_call_himself', 'no_answer', 'busy',
                                  'voicemail', 'wrong_number', 'hung_up')),
  goal text,
  at timestamptz not null,
  written_at timestamptz not null
);

create index comments_by_lead on comments (lead_id, at);

-- A lead has one open planned contact. A move closes the row and opens the next, so its history is its rows.
create table planned_contacts (
  id bigint generated always as identity primary key,
  lead_id bigint not null references leads (id),
  manager_id bigint references managers (id),
  due_at timestamptz not null,
  basis text not null check (basis in ('agreed', 'own')),
  goal text,
  author_id bigint references managers (id),
  author_kind text not null check (author_kind in ('person', 'machine')),
  set_at timestamptz not null,
  closed_at timestamptz,
  closed_because text check (closed_because in ('moved', 'done', 'lost'))
);

create unique index planned_contacts_open on planned_contacts (lead_id) where closed_at is null;
create index planned_contacts_by_lead on planned_contacts (lead_id, set_at);
create index planned_contacts_by_manager on planned_contacts (manager_id, due_at) where closed_at is null;

create table deals (
  id bigint generated always as identity primary key,
  lead_id bigint not null references leads (id),
  manager_id bigint references managers (id),
  title text not null,
  amount numeric(14, 2),
  stage text not null check (stage in ('open', 'won', 'lost')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create index deals_by_lead on deals (lead_id);
