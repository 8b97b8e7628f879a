-- What people say of calls (private ones EC-25, short conversations EC-33), robots' dials (EC-31), numbers private to one manager.

create table call_marks (
  id bigint generated always as identity primary key,
  call_id bigint not null references calls (id) on delete cascade,
  about text not null check (about in ('personal', 'talk')),
  word text not null check (word in ('marked', 'accepted', 'refused')),
  author text not null,
  reason text not null,
  at timestamptz not null
);

create index call_marks_by_call on call_marks (call_id);

create table private_numbers (
  number text not null,
  manager_id bigint not null references managers (id),
  created_at timestamptz not null,
  primary key (number, manager_id)
);

-- robot is the PBX's word; personal and claim are derived from call_marks, claimed from comments.
alter table calls add column robot boolean not null default false,
  add column personal text check (personal in ('held', 'waiting', 'refused')),
  add column claimed boolean not null default false,
  add column claim text check (claim in ('accepted', 'refused'));

create index calls_marked on calls (day) where personal is not null or claim is not null;
create index calls_claimed on calls (started_at) where claimed;
