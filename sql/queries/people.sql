-- everyone
-- Every manager, by handle.
select id, handle, name, first_day, last_day, notify, language from managers order by handle;

-- by_handle
-- One manager. $1 handle.
select id, handle, name, first_day, last_day, notify, language from managers where handle = $1;

-- add
-- A new manager. $1 handle, $2 name, $3 first day, $4 notify, $5 language, $6 now.
insert into managers (handle, name, first_day, notify, language, created_at) values ($1, $2, $3, $4, $5, $6) returning id;

-- change
-- What is a manager's own whatever the day. $1 id, $2 name, $3 first day, $4 notify, $5 language.
update managers set name = $2, first_day = $3, notify = $4, language = $5 where id = $1;

-- versions
-- The weeks of these managers or of all, in the order in which they hold. $1 managers or null.
select manager_id, from_day, timezone, team, opens, closes, days, segments, set_at, author from manager_versions
where $1::bigint[] is null or manager_id = any($1::bigint[])
order by manager_id, from_day nulls first;

-- set_version
-- A week holds from a day on, instead of the one that began that day. $1 manager, $2 first day or null, $3 timezone, $4 team, $5 opens,
-- $6 closes, $7 days, $8 segments, $9 now, $10 author.
insert into manager_versions (manager_id, from_day, timezone, team, opens, closes, days, segments, set_at, author)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (manager_id, from_day) do update set timezone = excluded.timezone, team = excluded.team, opens = excluded.opens,
  closes = excluded.closes, days = excluded.days, segments = excluded.segments, set_at = excluded.set_at, author = excluded.author;

-- leave
-- The last day of work. $1 id, $2 last day.
update managers set last_day = $2 where id = $1;

-- absences
-- Absences that end on or after a day, of these managers or of all. $1 managers or null.
select manager_id, from_day, to_day, kind from absences where $1::bigint[] is null or manager_id = any($1::bigint[])
order by manager_id, from_day;

-- add_absence
-- Days away. $1 manager, $2 first day, $3 last day, $4 kind, $5 now.
insert into absences (manager_id, from_day, to_day, kind, created_at) values ($1, $2, $3, $4, $5) returning id;

-- extensions
-- Who had which extension, when; all of it.
select e.manager_id, s.name as source, e.extension, e.from_day, e.to_day from extensions e left join sources s on s.id = e.source_id
order by e.manager_id, e.from_day, e.id;

-- holders
-- Mappings of one extension at one source (or at all) that reach into a span. $1 source or null, $2 extension, $3 from, $4 to or null.
select id, manager_id, from_day, to_day from extensions
where source_id is not distinct from $1::bigint and extension = $2 and (to_day is null or to_day >= $3)
  and ($4::date is null or from_day <= $4);

-- end_mapping
-- A mapping holds no longer than a day. $1 id, $2 last day.
update extensions set to_day = $2 where id = $1;

-- drop_mapping
-- A mapping that the new one covers whole. $1 id.
delete from extensions where id = $1;

-- map
-- An extension is a manager's. $1 source or null, $2 extension, $3 manager, $4 first day, $5 last day or null.
insert into extensions (source_id, extension, manager_id, from_day, to_day) values ($1, $2, $3, $4, $5);

-- source_id
-- A source by name. $1 name.
select id from sources where name = $1;

-- calendar_days
-- Days the company sees otherwise than its country's calendar.
select day, kind, note, author, set_at from calendar_days order by day;

-- set_calendar_day
-- What kind of day it is, from now on. $1 day, $2 kind, $3 note, $4 author, $5 now.
insert into calendar_days (day, kind, note, author, set_at) values ($1, $2, $3, $4, $5)
on conflict (day) do update set kind = excluded.kind, note = excluded.note, author = excluded.author, set_at = excluded.set_at;

-- hearers
-- Everybody who may be told something: managers, then users.
select m.id as manager_id, null as login, m.name, m.language, m.notify, 'manager' as role, false as is_owner, null as team from managers m
union all
select null, u.login, u.login, u.language, u.notify, u.role, u.is_owner, u.team from users u where u.role <> 'manager' or u.is_owner
order by manager_id, login;
