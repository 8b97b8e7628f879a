-- calls
-- The calls that are copied: since a day, and the earlier ones of every number that called or was called since then, and of every lead
-- that anything happened with. $1 that day, $2 when it begins.
select * from calls where day >= $1 or number in (select number from calls where day >= $1) or lead_id in (
  select lead_id from calls where day >= $1
  union select lead_id from planned_contacts where due_at >= $2 or set_at >= $2
  union select id from leads where entered_at >= $2 or lost_at >= $2);

-- violations
-- The violations that are copied. $1 since which day.
select * from violations where day >= $1;

-- moves
-- None is copied: how violations came to stand where they do is nobody's question here.
select * from violation_moves where false;

-- reports
-- The reports of days that are copied. $1 first day, $2 last day.
select * from day_reports where day between $1 and $2;

-- pen
-- The pen, copied: whoever holds the real one is not waited for.
select * from pen;

-- of_days
-- The calls of a stretch of days, whole. $1 first day, $2 last day.
select * from calls where day between $1 and $2 order by id;

-- units
-- Whom each manager called on a day. $1 that day.
select distinct number, manager_id from calls where day = $1 and number is not null and manager_id is not null
order by number, manager_id;

-- numbers
-- What numbers called or were called on which days. $1 first day, $2 last day.
select distinct day, number from calls where day between $1 and $2 and number is not null order by number, day;

-- leads
-- Leads with which something is judged in a stretch of days: a call, a date, an entry, a loss. $1 first day, $2 last day, $3 and $4
-- from when until when a date may have been due that falls on one of these days, $5 when these days begin.
select lead_id from calls where day between $1 and $2 and lead_id is not null
union select lead_id from planned_contacts where (due_at >= $3 and due_at < $4) or (set_at >= $5 and set_at < $4)
union select id from leads where (entered_at >= $5 and entered_at < $4) or (lost_at >= $5 and lost_at < $4)
order by lead_id;

-- without_lead
-- Calls of a stretch of days that are on no lead. $1 first day, $2 last day.
select id from calls where day between $1 and $2 and lead_id is null order by started_at, id;
