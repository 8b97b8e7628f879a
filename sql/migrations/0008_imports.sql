-- Parts of exported files that were imported: an import that was interrupted goes on where it stopped, and again adds nothing.

create table imports (
  source_id bigint not null,
  digest bytea not null,
  kept_at timestamptz not null,
  primary key (source_id, digest)
);
