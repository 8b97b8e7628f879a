-- unmapped
-- Extensions with calls that nobody has. $1 first day, $2 last day.
select c.source_id, c.extension, count(*) as calls, min(c.started_at) as first_at, max(c.started_at) as last_at
from calls c where c.day between $1 and $2 and c.manager_id is null and c.extension is not null and c.direction <> 'internal'
group by c.source_id, c.extension order by calls desc, c.source_id, c.extension limit 500;

-- ahead
-- Sources whose calls ended after they were told of. $1 first day, $2 last day, $3 seconds that do not matter.
select s.source_id, count(*) as calls, max(s.ahead) as ahead, min(s.started_at) as first_at, max(s.started_at) as last_at
from (select c.source_id, c.started_at, extract(epoch from coalesce(c.ended_at, c.started_at) - max(d.received_at))::bigint as ahead
      from calls c join deliveries d on d.id = any(c.delivery_ids) where c.day between $1 and $2 group by c.id) s
where s.ahead > $3 group by s.source_id order by s.source_id;

-- leavers
-- Calls by extensions of managers who had left. $1 first day, $2 last day.
select c.source_id, c.extension, m.handle as manager, count(*) as calls, min(c.started_at) as first_at, max(c.started_at) as last_at
from managers m join calls c on c.manager_id = m.id and c.day > m.last_day
where c.day between $1 and $2 and c.twin_of is null
group by c.source_id, c.extension, m.handle order by calls desc, c.source_id, c.extension, m.handle limit 500;

-- heard
-- When each live source was heard: its last delivery and its last call, each of the last day there is one, which an index knows.
-- $1 the first day to look at.
select s.id, s.name,
  (select max(d.received_at) from deliveries d where d.source_id = s.id and d.received_on = last.delivery_on) as last_delivery,
  (select max(c.started_at) from calls c where c.source_id = s.id and c.started_on = last.call_on) as last_call
from sources s
cross join lateral (select
  (select max(d.received_on) from deliveries d where d.source_id = s.id and d.received_on >= $1) as delivery_on,
  (select max(c.started_on) from calls c where c.source_id = s.id and c.started_on >= $1) as call_on) last
where s.retired_at is null order by s.name;
