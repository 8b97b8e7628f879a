-- untold
-- Managers who owe something they have not been told of. $1 first day, $2 codes that are not told to them.
select distinct v.manager_id from violations v
where v.status in ('reminded', 'open') and v.day >= $1 and v.code <> all($2::text[]) and not v.evidence ? 'late_evidence'
  and not exists (select from told t where t.stage = v.status
    and t.subject = v.id || '/' || extract(epoch from case v.status when 'open' then v.opened_at else v.remind_at end)::bigint);

-- owed
-- What these managers owe or failed: of which call, lead or meeting, and whether they have been told. $1 managers, $2 their first days,
-- one array each, $3 codes that are not told to them, $4 statuses.
select v.manager_id, v.day, v.code, v.subject_kind, v.subject_id, v.status, v.due_at, s.stage, s.subject as telling,
  coalesce(c.started_at, n.started_at) as at, coalesce(l.name, l.company) as lead_name, c.number,
  exists (select from told t where t.stage = s.stage and t.subject = s.subject) as told
from unnest($1::bigint[], $2::date[]) as u (manager_id, since) join violations v on v.manager_id = u.manager_id and v.day >= u.since
cross join lateral (select case v.status when 'open' then 'open' else 'reminded' end as stage,
  v.id || '/' || extract(epoch from case v.status when 'open' then v.opened_at else v.remind_at end)::bigint as subject) s
left join calls c on c.id = case v.subject_kind when 'call' then v.subject_id::bigint end
left join meetings n on n.id = case v.subject_kind when 'meeting' then v.subject_id::bigint end
left join leads l on l.id = coalesce(c.lead_id, n.lead_id, case v.subject_kind when 'lead' then v.subject_id::bigint end,
  (v.evidence ->> 'lead')::bigint)
where v.status = any($4::text[]) and v.code <> all($3::text[]) and not v.evidence ? 'late_evidence'
order by v.due_at, v.id;

-- opened
-- Violations of a day by manager and code that stand or were made good late, without those for review. $1 day, $2 codes for review.
select manager_id, code, count(*) as violations from violations
where day = $1 and status in ('open', 'disputed', 'confirmed', 'fixed_late') and code <> all($2::text[]) group by manager_id, code;

-- waiting_for_word
-- Per manager: what he disputes, and days for review. $1 codes for review.
select manager_id, count(*) filter (where status = 'disputed') as disputed,
  count(*) filter (where status = 'open' and code = any($1::text[])) as review
from violations where status = 'disputed' or (status = 'open' and code = any($1::text[])) group by manager_id;

-- majors
-- Major violations of these managers since their days, not told of yet. $1 managers, $2 first days, one array each, $3 major codes,
-- $4 whom it is told to.
select v.id, v.manager_id, v.code from violations v join unnest($1::bigint[], $2::date[]) as u (manager_id, since) on u.manager_id = v.manager_id
where v.day >= u.since and v.status in ('open', 'confirmed', 'fixed_late') and v.code = any($3::text[])
  and (v.code <> 'V09' or v.evidence ->> 'basis' is distinct from 'own')
  and not exists (select from told t where t.stage = 'majors' and t.subject = $4::text || '/' || v.id)
order by v.id;
