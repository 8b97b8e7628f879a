-- base
-- The base by owner. $1 managers, $2 when the day of each begins, one array each; $3 when it begins for leads of nobody, $4 a month ago,
-- $5 three months ago.
select l.manager_id, count(*) as leads,
  count(*) filter (where l.stage <> 'lost') as open,
  count(*) filter (where l.stage <> 'lost' and p.due_at >= coalesce(u.begins, $3)) as with_date,
  count(*) filter (where l.stage <> 'lost' and p.due_at < coalesce(u.begins, $3)) as overdue,
  count(*) filter (where t.at >= $4) as touched_30,
  count(*) filter (where t.at >= $5) as touched_90,
  count(*) filter (where t.at < $5) as sleeping,
  count(*) filter (where l.stage <> 'lost' and t.at is null) as untouched,
  count(*) filter (where l.stage = 'client') as clients
from leads l
left join unnest($1::bigint[], $2::timestamptz[]) as u (manager_id, begins) on u.manager_id = l.manager_id
left join planned_contacts p on p.lead_id = l.id and p.closed_at is null and p.author_kind = 'person'
left join lateral (select greatest(
    (select max(c.started_at) from calls c where c.lead_id = l.id and c.twin_of is null
       and (c.direction = 'outbound' or c.disposition = 'answered')),
    (select max(n.at) from comments n where n.lead_id = l.id and n.author_kind = 'person')) as at) t on l.stage <> 'lost'
group by l.manager_id;
