-- add
-- A new installation. $1 name, $2 dialect, $3 options, $4 secrets, $5 now.
insert into sources (name, dialect, options, secrets, created_at) values ($1, $2, $3, $4, $5) returning id;

-- all_sources
-- Every installation, by name.
select id, name, dialect, options, secrets, created_at, retired_at from sources order by name;

-- live_tokens
-- The hashes that prove a live source.
select t.source_id, t.token_hash from source_tokens t join sources s on s.id = t.source_id
where t.retired_at is null and s.retired_at is null;

-- issue_token
-- A further token for a source. $1 hash, $2 source, $3 now.
insert into source_tokens (token_hash, source_id, issued_at) values ($1, $2, $3);

-- retire_tokens
-- Only the newest token of a source stays valid. $1 source, $2 now.
update source_tokens set retired_at = $2
where source_id = $1 and retired_at is null
  and issued_at < (select max(issued_at) from source_tokens where source_id = $1 and retired_at is null)
returning issued_at;

-- change
-- What is told anew of how an installation is read and what its vendor signs with; the rest stays. $1 source, $2 options, $3 secrets.
update sources set options = options || $2::jsonb, secrets = secrets || $3::jsonb where id = $1 returning options, secrets;
