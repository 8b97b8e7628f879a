-- Where and in which language a person is told; addresses of channels are ciphertexts or env:NAME (people/vault.py). Calendar feeds.

alter table managers add column language text check (language in ('ru', 'en'));

alter table users add column notify text[] not null default '{}',
  add column language text check (language in ('ru', 'en')),
  add column is_owner boolean not null default false,
  add column team text;

create table calendar_feeds (
  manager_id bigint primary key references managers (id),
  token_hash bytea not null unique,
  made_at timestamptz not null
);
