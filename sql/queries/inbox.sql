-- keep
-- Keeps a batch of deliveries; a repeat of today or yesterday is left out of the answer. $1 sources, $2 received at, $3 digests,
-- $4 methods, $5 tails, $6 queries, $7 headers, $8 bodies, $9 outcomes, $10 whys, one array each.
insert into deliveries (source_id, received_at, received_on, digest, method, tail, query, headers, body, outcome, why, due_at, settled_at)
select u.source_id, u.received_at, (u.received_at at time zone 'UTC')::date, u.digest, u.method, u.tail, u.query, u.headers::jsonb, u.body,
  u.outcome, u.why, u.received_at, case when u.outcome <> 'waiting' then u.received_at end
from unnest($1::bigint[], $2::timestamptz[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::text[], $10::text[])
  as u (source_id, received_at, digest, method, tail, query, headers, body, outcome, why)
where (select d.id from deliveries d where d.received_on = (u.received_at at time zone 'UTC')::date - 1
         and d.source_id = u.source_id and d.digest = u.digest) is null
on conflict (received_on, source_id, digest) do nothing
returning id, source_id, digest;

-- already_kept
-- The deliveries that a repeat repeats, and what became of them. $1 sources, $2 days of receipt, $3 digests, one array each.
select d.id, d.source_id, d.digest, d.outcome
from unnest($1::bigint[], $2::date[], $3::bytea[]) as u (source_id, received_on, digest)
join deliveries d on d.received_on between u.received_on - 1 and u.received_on
                 and d.source_id = u.source_id and d.digest = u.digest;

-- waiting
-- The oldest deliveries that are due, one at least. $1 now, $2 how many, $3 how many bytes.
select id, source_id, received_at, method, tail, query, headers, body
from (select w.*, row_number() over (order by due_at, id) as place, sum(length(body)) over (order by due_at, id) as bytes
      from (select id, source_id, received_at, method, tail, query, headers, body, due_at from deliveries
            where outcome = 'waiting' and due_at <= $1 order by due_at, id limit $2) w) q
where place = 1 or bytes <= $3 order by place;

-- by_ids
-- Deliveries by id, raw. $1 ids.
select id, source_id, received_at, method, tail, query, headers, body from deliveries where id = any($1::bigint[]);

-- tie
-- Remembers what connects rows. $1 days, $2 sources, $3 ties, $4 deliveries, one array each.
insert into ties (day, source_id, tie, delivery_id)
select * from unnest($1::date[], $2::bigint[], $3::text[], $4::bigint[])
on conflict do nothing;

-- tied
-- Deliveries of a source that share a tie on the given days. $1 source, $2 days, $3 ties, one array each.
select distinct t.delivery_id
from unnest($2::date[], $3::text[]) as u (day, tie)
join ties t on t.day = u.day and t.source_id = $1 and t.tie = u.tie;

-- settle
-- What became of deliveries. $1 ids, $2 outcomes, $3 whys, $4 call ids as JSON texts, $5 now.
update deliveries d set outcome = u.outcome, why = u.why, settled_at = $5,
  call_ids = array(select jsonb_array_elements_text(u.call_ids::jsonb)::bigint)
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as u (id, outcome, why, call_ids)
where d.id = u.id;

-- retell
-- Deliveries understood before belong to other calls now. $1 ids, $2 call ids as JSON texts, one array each, $3 a why that no longer holds
-- where there is a call.
update deliveries d set call_ids = array(select jsonb_array_elements_text(u.call_ids::jsonb)::bigint),
  why = case when d.why = $3 and u.call_ids <> '[]' then null else d.why end
from unnest($1::bigint[], $2::text[]) as u (id, call_ids)
where d.id = u.id and d.outcome = 'understood';

-- put_aside
-- One delivery failed alone: later again, or never. $1 id, $2 why, $3 due, $4 outcome, $5 now.
update deliveries set attempts = attempts + 1, why = $2, due_at = $3, outcome = $4, settled_at = $5 where id = $1;

-- attempts
-- How often a delivery was tried. $1 id.
select attempts from deliveries where id = $1;

-- reopen
-- Understand these again. $1 ids, $2 now.
update deliveries set outcome = 'waiting', due_at = $2, attempts = 0, settled_at = null where id = any($1::bigint[]) returning id;

-- choose
-- Ids of deliveries by source, outcome and time of receipt, any of them null. $1 source, $2 outcome, $3 from, $4 until.
select id from deliveries
where ($1::bigint is null or source_id = $1) and ($2::text is null or outcome = $2)
  and ($3::timestamptz is null or received_at >= $3) and ($4::timestamptz is null or received_at < $4)
order by received_at, id;

-- listed
-- Deliveries for people, newest first, without bodies. $1 source name, $2 outcome, $3 ids below, any of them null, $4 how many.
select d.id, s.name as source, s.dialect, d.received_at, d.outcome, d.why, d.call_ids, length(d.body) as size
from deliveries d join sources s on s.id = d.source_id
where ($1::text is null or s.name = $1) and ($2::text is null or d.outcome = $2) and ($3::bigint is null or d.id < $3)
order by d.id desc limit $4;

-- reasons
-- What could not be understood, or only in part, by source and reason; the commonest first. $1 source name or null, $2 since.
select s.name as source, s.dialect, d.outcome, regexp_replace(d.why, '[0-9]+', '#', 'g') as why, count(*) as deliveries,
  min(d.received_at) as first_at, max(d.received_at) as last_at, max(d.id) as latest
from deliveries d join sources s on s.id = d.source_id
where d.received_on >= ($2::timestamptz at time zone 'UTC')::date and d.received_at >= $2 and d.why is not null
  and ($1::text is null or s.name = $1)
group by 1, 2, 3, 4 order by deliveries desc, latest desc limit 500;

-- shown
-- One delivery whole. $1 id.
select d.id, s.name as source, s.dialect, d.received_at, d.method, d.tail, d.query, d.headers, d.body, d.outcome, d.why, d.attempts,
  d.settled_at, d.call_ids
from deliveries d join sources s on s.id = d.source_id where d.id = $1;

-- depth
-- How much waits, since when.
select count(*) as waiting, min(received_at) as oldest from deliveries where outcome = 'waiting';

-- last_heard
-- When each source was last heard: on the last day it was, which an index knows. $1 how far back to look, a day.
select s.name, (select max(d.received_at) from deliveries d where d.source_id = s.id and d.received_on = last.day) as at
from sources s
cross join lateral (select max(d.received_on) as day from deliveries d where d.source_id = s.id and d.received_on >= $1) last
where s.retired_at is null;

-- take_pen
-- Waits until this transaction is the only one that derives; answers up to when deadlines are judged.
select judged_at from pen where id = 1 for update;

-- try_pen
-- Takes the pen if nobody holds it.
select judged_at from pen where id = 1 for update skip locked;

-- judged_until
-- Up to when deadlines have been watched.
select judged_at from pen where id = 1;

-- told_late
-- A day is told of that should have been closed before. $1 the first of them.
update pen set late_since = least(late_since, $1) where id = 1;

-- late_since
-- The first such day since this was asked last.
with told as (select late_since from pen where id = 1)
update pen set late_since = null from told where pen.id = 1 and told.late_since is not null returning told.late_since;

-- judge_until
-- Deadlines have been watched up to a moment. $1 that moment.
update pen set judged_at = $1 where id = 1;

-- imported
-- Remembers a part of an exported file; answers nothing if it was imported before. $1 source, $2 digest, $3 now.
insert into imports (source_id, digest, kept_at) values ($1, $2, $3) on conflict do nothing returning source_id;
