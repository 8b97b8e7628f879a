-- owed
-- Violations about these calls. $1 calls.
select v.id, v.subject_id::bigint as call_id, v.code, v.status, v.closed_because, m.handle as manager, v.due_at, v.remind_at, v.opened_at
from violations v join managers m on m.id = v.manager_id
where v.subject_kind = 'call' and v.subject_id = any(select c::text from unnest($1::bigint[]) c) order by v.id;

-- moves
-- How these violations came to stand where they do. $1 violations.
select violation_id, from_status, to_status, at, author, reason from violation_moves where violation_id = any($1::bigint[]) order by id;

-- told
-- Which notices told of these violations, over which channel. $1 violations.
select v.id as violation_id, t.stage, n.id, n.kind, n.status, n.decided_at, n.sent_at,
  (select r.channel from notice_tries r where r.notice_id = n.id and r.outcome = 'sent' order by r.id desc limit 1) as channel
from violations v
join told t on (t.stage = 'open' and t.subject = v.id || '/' || extract(epoch from v.opened_at)::bigint)
  or (t.stage = 'reminded' and t.subject = v.id || '/' || extract(epoch from v.remind_at)::bigint)
join notices n on n.id = t.notice_id
where v.id = any($1::bigint[]) order by n.id;
