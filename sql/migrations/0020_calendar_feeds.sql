-- Private calendar addresses of managers' planned contacts: one a manager, found by the hash of its token.

create table calendar_feeds (
  manager_id bigint primary key references managers (id),
  token_hash bytea not null unique,
  made_at timestamptz not null
);
