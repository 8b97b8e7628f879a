-- of_subjects
-- Violations about these subjects, whatever their status. $1 kind, $2 subject ids.
select id, code, subject_kind, subject_id, manager_id, day, status, due_at, closed_because, policy_version, evidence from violations
where subject_kind = $1 and subject_id = any($2::text[]);

-- opened_against
-- Whose the violations of a code about these calls are that have opened and not closed. $1 code, $2 subject ids.
select subject_id, manager_id from violations
where subject_kind = 'call' and subject_id = any($2::text[]) and code = $1 and status in ('open', 'fixed_late', 'disputed', 'confirmed', 'excused');

-- subjects_of
-- Calls or leads with violations of a day since a first one, or due since then. $1 codes, $2 managers, $3 first day.
select distinct subject_id from violations
where day >= $3::date - 92 and manager_id = any($2::bigint[]) and code = any($1::text[]) and subject_kind in ('call', 'lead')
  and (day >= $3::date or due_at >= $3::date - 1);

-- open_watch
-- New rows. $1-$13 one array a column.
insert into violations (code, subject_kind, subject_id, manager_id, day, status, remind_at, due_at, opened_at, fixed_at, closed_at,
  policy_version, evidence)
select u.code, u.subject_kind, u.subject_id, u.manager_id, u.day, u.status, u.remind_at, u.due_at, u.opened_at, u.fixed_at, u.closed_at,
  u.policy_version, u.evidence::jsonb
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::date[], $6::text[], $7::timestamptz[], $8::timestamptz[],
            $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[])
  as u (code, subject_kind, subject_id, manager_id, day, status, remind_at, due_at, opened_at, fixed_at, closed_at, policy_version, evidence)
on conflict (day, manager_id, code, subject_kind, subject_id) do nothing
returning id, code, subject_id;

-- move
-- Moves rows. $1 ids, $2 statuses, $3 reasons of closing, $4 due, $5 opened, $6 fixed, $7 closed, $8 versions, $9 evidence, one array
-- each; versions and evidence that are null stay.
update violations v set status = u.status, closed_because = u.closed_because, due_at = u.due_at,
  opened_at = coalesce(u.opened_at, v.opened_at), fixed_at = coalesce(u.fixed_at, v.fixed_at), closed_at = u.closed_at,
  policy_version = coalesce(u.policy_version, v.policy_version), evidence = coalesce(u.evidence::jsonb, v.evidence)
from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::text[],
            $9::text[])
  as u (id, status, closed_because, due_at, opened_at, fixed_at, closed_at, policy_version, evidence)
where v.id = u.id;

-- log_moves
-- Who moved what, when and why. $1 violations, $2 from, $3 to, $4 authors, $5 reasons, one array each, $6 now.
insert into violation_moves (violation_id, from_status, to_status, at, author, reason)
select u.violation_id, u.from_status, u.to_status, $6::timestamptz, u.author, u.reason
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) as u (violation_id, from_status, to_status, author, reason);

-- passed
-- What was watched and whose deadline has passed. $1 now, $2 how many, $3 codes that need another look first.
select id, code, subject_kind, subject_id, status, due_at from violations
where status in ('watching', 'reminded') and due_at <= $1 and code <> all($3::text[]) order by due_at, id limit $2;

-- leads_due
-- Leads about which something was watched whose deadline has passed. $1 now, $2 how many, $3 codes.
select distinct (u.evidence ->> 'lead')::bigint as lead_id
from (select evidence from violations
      where status in ('watching', 'reminded') and due_at <= $1 and code = any($3::text[]) order by due_at, id limit $2) u;

-- calls_due
-- Calls about which something was watched whose deadline has passed. $1 now, $2 how many, $3 codes.
select subject_id from violations
where status in ('watching', 'reminded') and due_at <= $1 and code = any($3::text[]) and subject_kind = 'call' order by due_at, id limit $2;

-- remind
-- What is watched and due for its soft reminder. $1 now, $2 how many.
select id, status, due_at from violations
where status = 'watching' and remind_at <= $1 and due_at > $1 order by remind_at, id limit $2;

-- one
-- One violation. $1 id.
select id, code, subject_kind, subject_id, manager_id, day, status, due_at, opened_at, closed_because from violations where id = $1 for update;

-- counts
-- Per manager: open and cured late, of a day. $1 day, $2 codes that count once they are confirmed.
select manager_id, count(*) filter (where status in ('open', 'disputed', 'confirmed')) as open,
  count(*) filter (where status = 'fixed_late') as fixed_late
from violations where day = $1 and (code <> all($2::text[]) or status = 'confirmed') group by manager_id;

-- open_by_code
-- Open violations by manager and code, for the gauges.
select m.handle as manager, v.code, count(*) as violations from violations v join managers m on m.id = v.manager_id
where v.status in ('open', 'disputed', 'confirmed') group by m.handle, v.code;

-- listed
-- Violations for people, newest first. $1 id, $2 statuses, $3 code, $4 manager, $5 day, $6 ids below, any of them null, $7 how many.
select v.id, v.code, v.subject_kind, v.subject_id, v.status, v.closed_because, m.handle as manager, v.day, v.remind_at, v.due_at,
  v.opened_at, v.fixed_at, v.closed_at, v.policy_version, v.evidence
from violations v join managers m on m.id = v.manager_id
where ($1::bigint is null or v.id = $1) and ($2::text[] is null or v.status = any($2::text[])) and ($3::text is null or v.code = $3)
  and ($4::bigint is null or v.manager_id = $4) and ($5::date is null or v.day = $5) and ($6::bigint is null or v.id < $6)
order by v.id desc limit $7;

-- moves
-- How violations came to stand where they do. $1 ids.
select violation_id, from_status, to_status, at, author, reason from violation_moves where violation_id = any($1::bigint[]) order by id;

-- by_code
-- Per manager and code: standing, cured late and excused ones of a stretch of days. $1 first day, $2 last day,
-- $3 codes that count once they are confirmed.
select manager_id, code, count(*) filter (where status in ('open', 'disputed', 'confirmed')) as open,
  count(*) filter (where status = 'fixed_late') as fixed_late, count(*) filter (where status = 'excused') as excused
from violations where day between $1 and $2 and status in ('open', 'disputed', 'confirmed', 'fixed_late', 'excused')
  and (code <> all($3::text[]) or status in ('confirmed', 'excused'))
group by manager_id, code order by manager_id, code;

-- of_manager
-- What one manager owes and what was said of it lately, soonest deadline first. $1 manager, $2 settled ones since this day, $3 codes that
-- are not his to see, $4 codes that are told of once they are open. Each with its moves by people, the oldest first.
select v.id, v.code, v.subject_kind, v.subject_id, v.status, v.day, v.due_at, v.opened_at, v.evidence,
  (select coalesce(jsonb_agg(jsonb_build_object('to', m.to_status, 'author', m.author, 'reason', m.reason) order by m.id), '[]')
   from violation_moves m where m.violation_id = v.id and m.to_status in ('disputed', 'confirmed', 'excused')) as said
from violations v
where v.manager_id = $1 and v.status <> 'closed' and v.code <> all($3::text[])
  and (v.status in ('open', 'disputed') or (v.status in ('watching', 'reminded') and v.code <> all($4::text[]))
       or (v.status in ('fixed_late', 'confirmed', 'excused') and v.day >= $2))
order by v.due_at, v.id limit 2000;
