-- dateless
-- Open leads of these managers that were touched by a moment and had no date ahead then, nor a call that owes it. $1 managers, $2 moments,
-- one array each. A lead is left alone while its row of V10 stands, where a supervisor has settled that until a date was set anew, and
-- while a supervisor's exemption holds.
select l.id, l.manager_id,
  exists (select from calls c where c.lead_id = l.id and c.next_contact in ('due', 'late')) as owed_by_call
from unnest($1::bigint[], $2::timestamptz[]) as u (manager_id, at)
join leads l on l.manager_id = u.manager_id and l.stage <> 'lost' and l.entered_at <= u.at
where not exists (
    select from planned_contacts p where p.lead_id = l.id and p.author_kind = 'person' and p.set_at <= u.at and p.due_at > u.at
      and (p.closed_at is null or p.closed_at > u.at))
  and (exists (select from calls c where c.lead_id = l.id and c.started_at <= u.at and c.twin_of is null
               and (c.direction = 'outbound' or c.disposition = 'answered'))
    or exists (select from comments n where n.lead_id = l.id and n.at <= u.at and n.author_kind = 'person' and n.author_id = l.manager_id)
    or exists (select from meetings t where t.lead_id = l.id and t.started_at <= u.at and t.author_kind = 'person'))
  and not exists (select from exemptions e where e.lead_id = l.id and e.approved_at is not null
      and (e.withdrawn_at is null or (e.approved_at <= u.at and e.withdrawn_at > u.at)))
  and not exists (select from calls c where c.lead_id = l.id and c.started_at <= u.at and c.next_contact in ('due', 'late'))
  and not exists (
    select from violations v where v.subject_kind = 'lead' and v.subject_id = l.id::text and v.code = 'V10' and v.manager_id = l.manager_id
      and (v.status in ('watching', 'reminded', 'open') or (v.status in ('disputed', 'confirmed', 'excused') and not exists (
        select from planned_contacts q where q.lead_id = l.id and q.author_kind = 'person' and q.set_at::date > v.day))));

-- found
-- What the sweep has found for these leads, and how they stand now. $1 leads.
select l.id as lead_id, v.manager_id, v.day, v.status, v.closed_because, v.fixed_at, l.manager_id as owner_id, l.lost_at,
  exists (select from calls c where c.lead_id = l.id and c.next_contact in ('due', 'late')) as owed_by_call,
  exists (select from exemptions e where e.lead_id = l.id and e.approved_at is not null and e.withdrawn_at is null) as is_exempt
from violations v join leads l on l.id::text = v.subject_id
where v.code = 'V10' and v.subject_kind = 'lead' and v.subject_id = any($1::bigint[]::text[]);
