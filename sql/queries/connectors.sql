-- seen
-- How far a connector has read; it is at work again if it was retired. $1 name, $2 until when, $3 now.
insert into connectors (name, seen_until, told_at) values ($1, $2, $3)
on conflict (name) do update set seen_until = greatest(connectors.seen_until, excluded.seen_until), told_at = excluded.told_at,
  retired_at = null;

-- retire
-- A connector is at work no more. $1 name, $2 now.
update connectors set retired_at = $2 where name = $1 and retired_at is null returning name;

-- all_connectors
-- Every connector.
select name, seen_until, told_at, retired_at from connectors order by name;

-- seen_until
-- Up to when all connectors at work have read.
select min(seen_until) as at from connectors where retired_at is null;
