-- calls
-- Per manager, day and segment of the lead: what the PBX proved, what is on a lead of his segments, what counts.
-- $1 days, $2 managers or null.
select manager_id, day, segment,
  count(*) as dials_pbx,
  count(*) filter (where on_norm_lead) as dials_crm,
  count(*) filter (where why_not_dial is null) as dials_counted,
  count(*) filter (where disposition = 'answered') as connects_pbx,
  count(*) filter (where disposition = 'answered' and on_norm_lead) as connects_crm,
  count(*) filter (where why_not_connect is null) as connects_counted
from calls
where day = any($1::date[]) and ($2::bigint[] is null or manager_id = any($2::bigint[])) and manager_id is not null
  and direction = 'outbound' and twin_of is null
group by manager_id, day, segment;

-- not_counted
-- Why dials do not count. $1 day, $2 managers or null.
select manager_id, why_not_dial, count(*) as calls from calls
where day = $1 and ($2::bigint[] is null or manager_id = any($2::bigint[])) and manager_id is not null
  and direction = 'outbound' and why_not_dial is not null and twin_of is null
group by manager_id, why_not_dial order by manager_id, why_not_dial;

-- new_leads
-- Leads a person entered between two moments, by segment, and whether he dialled them by IP within days. One array each:
-- $1 managers, $2 from, $3 until, $4 first day of dials, $5 last day of dials, $6 the last move of a lead that is known.
-- By lead and by number apart, so that each has its index; offset 0, so that each is looked up once a lead.
select u.manager_id, held.segment, count(*) as entered,
  count(*) filter (where dialled) as proved,
  count(*) filter (where fresh) as new,
  count(*) filter (where fresh and dialled) as called
from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::date[], $5::date[], $6::bigint[])
  as u (manager_id, since, until, first_day, last_day, known)
join leads l on l.author_id = u.manager_id and l.author_kind = 'person' and l.source is distinct from 'import'
            and l.entered_at >= u.since and l.entered_at < u.until
cross join lateral (select coalesce((select v.was from lead_moves v where v.lead_id = l.id and v.field = 'segment' and v.id > u.known
    order by v.id limit 1), l.segment) as segment) held
cross join lateral (select not exists (
    select from lead_phones mine join lead_phones other on other.phone = mine.phone and other.lead_id <> mine.lead_id
    join leads elder on elder.id = other.lead_id
    where mine.lead_id = l.id and (elder.entered_at, elder.id) < (l.entered_at, l.id)
      and (mine.extension is null or other.extension is null or mine.extension = other.extension)) as fresh offset 0) f
cross join lateral (select exists (
    select from calls c
    where c.lead_id = l.id and c.day between u.first_day and u.last_day and c.manager_id = u.manager_id
      and c.direction = 'outbound' and c.via = 'ip' and c.match <> 'excluded' and c.why_not_dial is distinct from 'robot')
  or exists (
    select from lead_phones mine join calls c on c.number = mine.phone
    where mine.lead_id = l.id and c.day between u.first_day and u.last_day and c.manager_id = u.manager_id
      and c.direction = 'outbound' and c.via = 'ip' and c.match <> 'excluded' and c.why_not_dial is distinct from 'robot')
  as dialled offset 0) d
group by u.manager_id, held.segment;

-- sources_of
-- The sources whose extensions these managers have. $1 managers, $2 day.
select distinct e.manager_id, coalesce(e.source_id, s.id) as source_id
from extensions e left join sources s on e.source_id is null
where e.manager_id = any($1::bigint[]) and e.from_day <= $2 and (e.to_day is null or e.to_day >= $2);

-- calls_between
-- When calls of these sources started and ended. $1 sources, $2 from, $3 until, $4 first UTC day, $5 last UTC day.
select source_id, started_at, coalesce(ended_at, started_at) as ended_at from calls
where source_id = any($1::bigint[]) and started_on between $4 and $5 and started_at >= $2 and started_at < $3
order by started_at;

-- usual_calls
-- How many calls sources told of on days on which they told of any. $1 sources, $2 first UTC day, $3 last UTC day.
select source_id, started_on, count(*) as calls from calls
where source_id = any($1::bigint[]) and started_on between $2 and $3 group by source_id, started_on order by source_id, started_on;

-- settled_silences
-- Silences a supervisor has settled. $1 sources, $2 from, $3 until.
select source_id, from_at, to_at, settled_as from silences where source_id = any($1::bigint[]) and from_at < $3 and to_at > $2;

-- settle_silence
-- A supervisor says what a silence was. $1 source, $2 from, $3 until, $4 outage or pause, $5 author, $6 reason, $7 now.
insert into silences (source_id, from_at, to_at, settled_as, author, reason, created_at) values ($1, $2, $3, $4, $5, $6, $7) returning id;

-- silences
-- What was settled, newest first. $1 how many.
select q.id, s.name as source, q.from_at, q.to_at, q.settled_as, q.author, q.reason, q.created_at
from silences q join sources s on s.id = q.source_id order by q.id desc limit $1;

-- closed
-- Which days since a first one are closed for whom, and what was known then. $1 first day, $2 before this day, or null.
select manager_id, day, closed_at, leads_until, policies_until, norms_until, moves_until, calls_until from closed_days
where day >= $1 and ($2::date is null or day < $2);

-- newest_lead
-- When the newest lead or phone was entered.
select greatest((select max(entered_at) from leads), (select max(added_at) from lead_phones)) as at;

-- close_day
-- Closes days, or closes them again, with all that is known now. $1 managers, $2 days, one array each, $3 now, $4 the newest entry of a
-- lead that is still seen.
insert into closed_days (manager_id, day, closed_at, leads_until, policies_until, norms_until, moves_until, calls_until)
select u.manager_id, u.day, $3::timestamptz, $4::timestamptz, (select coalesce(max(id), 0) from policies),
  (select coalesce(max(id), 0) from norms), (select coalesce(max(id), 0) from lead_moves), (select coalesce(max(id), 0) from calls)
from unnest($1::bigint[], $2::date[]) as u (manager_id, day)
on conflict (manager_id, day) do update set closed_at = excluded.closed_at, leads_until = excluded.leads_until,
  policies_until = excluded.policies_until, norms_until = excluded.norms_until, moves_until = excluded.moves_until,
  calls_until = excluded.calls_until;

-- report
-- Puts days on record as they stand. $1 managers, $2 days, $3 lines, one array each, $4 kind, $5 now, $6 author, $7 reason.
insert into day_reports (manager_id, day, kind, at, author, reason, line)
select u.manager_id, u.day, $4::text, $5::timestamptz, $6::text, $7::text, u.line::jsonb
from unnest($1::bigint[], $2::date[], $3::text[]) as u (manager_id, day, line);

-- reports
-- Reports of days, oldest first. $1 managers, $2 days, one array each.
select r.id, r.manager_id, r.day, r.kind, r.at, r.author, r.reason, r.line
from unnest($1::bigint[], $2::date[]) as u (manager_id, day)
join day_reports r on r.day = u.day and r.manager_id = u.manager_id order by r.id;

-- last_closed
-- The last day closed for each manager.
select manager_id, max(day) as day from closed_days group by manager_id;

-- first_call_day
-- The first day on which anyone has a call.
select min(day) as day from calls where manager_id is not null;
