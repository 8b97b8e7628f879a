-- decide
-- New notices; one whose key is known stays as it is. $1 keys, $2 kinds, $3 managers, $4 logins, $5 titles, $6 bodies, $7 what the link
-- opens, $8 good until, $9 statuses, $10 due, one array each, $11 now.
insert into notices (key, kind, manager_id, login, title, body, opens, good_until, status, next_at, decided_at)
select u.key, u.kind, u.manager_id, u.login, u.title, u.body, u.opens, u.good_until, u.status, u.next_at, $11::timestamptz
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[],
            $10::timestamptz[])
  as u (key, kind, manager_id, login, title, body, opens, good_until, status, next_at)
on conflict (key) do nothing
returning id, key;

-- known
-- Which of these keys there are. $1 keys.
select key from notices where key = any($1::text[]);

-- last_told
-- When each of these managers was last told something of these kinds. $1 managers, $2 kinds, $3 not before.
select manager_id, max(decided_at) as decided_at from notices
where manager_id = any($1::bigint[]) and kind = any($2::text[]) and decided_at > $3 and status not in ('folded', 'expired', 'nothing') group by manager_id;

-- tell
-- Remembers what has been told. $1 stages, $2 subjects, $3 notices, one array each.
insert into told (stage, subject, notice_id) select u.stage, u.subject, u.notice_id
from unnest($1::text[], $2::text[], $3::bigint[]) as u (stage, subject, notice_id)
on conflict (stage, subject) do update set notice_id = excluded.notice_id;

-- told_of
-- Which of these subjects have been told of at a stage since a moment. $1 stage, $2 subjects, $3 moment.
select t.subject from told t join notices n on n.id = t.notice_id
where t.stage = $1 and t.subject = any($2::text[]) and n.decided_at > $3;

-- fold
-- Notices of these managers, or of a user, of these kinds that nobody has tried to send give way to a newer one. $1 managers, $2 kinds,
-- $3 login or null.
update notices n set status = 'folded' where (n.manager_id = any($1::bigint[]) or n.login = $3::text) and n.kind = any($2::text[])
  and n.status = 'waiting' and not exists (select from notice_tries t where t.notice_id = n.id and t.outcome in ('unknown', 'sent'))
returning n.id;

-- made_good
-- Digests that wait and tell of nothing that still stands.
update notices n set status = 'folded' where n.kind = 'debts' and n.status = 'waiting'
  and not exists (select from notice_tries t where t.notice_id = n.id and t.outcome in ('unknown', 'sent'))
  and not exists (select from told t join violations v on v.id = split_part(t.subject, '/', 1)::bigint
                  where t.notice_id = n.id and v.status in ('reminded', 'open'))
returning n.id;

-- reopen
-- What could not be delivered and still holds, of who has an address now that did not refuse. $1 now, $2 since when a refusal counts.
update notices n set status = 'waiting', place = 0, tries = 0, next_at = $1 from (
  select o.id, a.address from notices o left join managers m on m.id = o.manager_id left join users u on u.login = o.login
  cross join lateral unnest(coalesce(m.notify, u.notify)) as a (address) where o.status = 'undeliverable' and o.good_until > $1) x
where x.id = n.id and not exists (select from dead_channels d where d.address = x.address and d.since > $2);

-- untell
-- What these notices were to tell has not been told. $1 notices.
delete from told where notice_id = any($1::bigint[]);

-- expire
-- Notices that were not sent in time, also those whose sender was not heard of again. $1 now.
update notices set status = 'expired'
where good_until <= $1 and (status = 'waiting' or (status = 'sending' and claimed_until <= $1)) returning id;

-- claim
-- Takes notices that are due, also those whose sender was not heard of again. $1 now, $2 claimed until, $3 how many, $4 not these,
-- $5 what was done after it was done by a clock that has been set back since. Chosen once, or a join may choose more than $3.
with due as materialized (
  select id from notices
  where ((status = 'waiting' and (next_at <= $1 or coalesce(tried_at, decided_at) > $5))
      or (status = 'sending' and (claimed_until <= $1 or tried_at > $5))) and good_until > $1 and id <> all($4::bigint[])
  order by next_at, id limit $3 for update skip locked)
update notices n set status = 'sending', claimed_until = $2, tries = n.tries + 1, tried_at = $1 from due where n.id = due.id
returning n.id, n.key, n.manager_id, n.login, n.title, n.body, n.opens, n.good_until, n.place, n.tries;

-- keep_claims
-- Whoever claimed these is alive. $1 notices, $2 claimed until.
update notices set claimed_until = $2 where id = any($1::bigint[]) and status = 'sending';

-- begin_tries
-- A try of each notice begins. $1 notices, $2 channels, one array each, $3 now.
insert into notice_tries (notice_id, channel, started_at) select u.notice_id, u.channel, $3::timestamptz
from unnest($1::bigint[], $2::text[]) as u (notice_id, channel)
returning id, notice_id;

-- end_try
-- What became of a try. $1 id, $2 outcome, $3 why, $4 now.
update notice_tries set outcome = $2, why = $3, ended_at = $4 where id = $1;

-- settle
-- Where a notice stands after a try, unless another has claimed it since. $1 id, $2 status, $3 place, $4 tries, $5 due,
-- $6 sent at or null, $7 which try it was.
update notices set status = $2, place = $3, tries = $4, next_at = $5, sent_at = $6, claimed_until = null
where id = $1 and status = 'sending' and tries = $7 returning id;

-- dead
-- Which of these addresses refused a notice since a moment. $1 addresses, $2 since.
select address from dead_channels where address = any($1::text[]) and since > $2;

-- bury
-- An address refuses notices. $1 address, $2 channel, $3 now, $4 why. Answers when it had done so before, null if never.
with before as (select since from dead_channels where address = $1)
insert into dead_channels (address, channel, since, why) values ($1, $2, $3, $4)
on conflict (address) do update set since = excluded.since, why = excluded.why
returning (select since from before) as before;

-- revive
-- An address takes notices. $1 address.
delete from dead_channels where address = $1;

-- listed
-- Notices, newest first. $1 manager, $2 login, $3 kind, $4 statuses, $5 ids below, any of them null, $6 how many.
select n.id, n.key, n.kind, m.handle as manager, n.login, n.title, n.body, n.opens, n.decided_at, n.good_until, n.status, n.next_at, n.sent_at
from notices n left join managers m on m.id = n.manager_id
where ($1::bigint is null or n.manager_id = $1) and ($2::text is null or n.login = $2) and ($3::text is null or n.kind = $3)
  and (case when $4::text[] is null then n.status <> 'nothing' else n.status = any($4::text[]) end) and ($5::bigint is null or n.id < $5)
order by n.id desc limit $6;

-- tries_of
-- Every try of these notices, in order. $1 notices.
select notice_id, channel, started_at, ended_at, outcome, why from notice_tries where notice_id = any($1::bigint[]) order by id;

-- depth
-- How many notices wait, and since when the oldest that is due does. $1 now.
select count(*) as waiting, min(next_at) filter (where next_at <= $1) as oldest from notices where status in ('waiting', 'sending');
