-- Who works here: managers (the salespeople), their extensions and absences by date, and who may ask for what.

create table managers (
  id bigint generated always as identity primary key,
  handle text not null unique,
  name text not null,
  timezone text not null,
  team text,
  segment text not null,
  opens int not null,
  closes int not null,
  days int[] not null,
  first_day date,
  last_day date,
  notify text[] not null default '{}',
  created_at timestamptz not null
);

create table extensions (
  id bigint generated always as identity primary key,
  source_id bigint references sources (id),
  extension text not null,
  manager_id bigint not null references managers (id),
  from_day date not null,
  to_day date
);

create index extensions_by_extension on extensions (extension);

create table absences (
  id bigint generated always as identity primary key,
  manager_id bigint not null references managers (id),
  from_day date not null,
  to_day date not null check (to_day >= from_day),
  kind text not null check (kind in ('vacation', 'sick', 'day_off', 'other')),
  created_at timestamptz not null
);

create index absences_by_manager on absences (manager_id, to_day);

create table tokens (
  token_hash bytea primary key,
  name text not null unique,
  role text not null check (role in ('manager', 'supervisor', 'admin')),
  manager_id bigint references managers (id),
  created_at timestamptz not null
);

create table users (
  login text primary key,
  password_hash text not null,
  role text not null check (role in ('manager', 'supervisor', 'admin')),
  manager_id bigint references managers (id),
  created_at timestamptz not null
);

-- Numbers that are never a client's: own lines, staff mobiles, services, approved private ones (EC-22 to EC-26).
create table excluded_numbers (
  number text primary key,
  kind text not null check (kind in ('own', 'staff', 'service', 'private')),
  created_at timestamptz not null
);
