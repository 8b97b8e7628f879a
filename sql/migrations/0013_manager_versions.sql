-- A manager's week, zone, team and segments by the local day from which they hold; a call keeps the segment its lead had when it was weighed.

create table manager_versions (
  id bigint generated always as identity primary key,
  manager_id bigint not null references managers (id),
  from_day date,
  timezone text not null,
  team text,
  opens int not null,
  closes int not null,
  days int[] not null,
  segments jsonb not null,
  set_at timestamptz not null,
  author text not null,
  unique nulls not distinct (manager_id, from_day)
);

insert into manager_versions (manager_id, timezone, team, opens, closes, days, segments, set_at, author)
select id, timezone, team, opens, closes, days, jsonb_build_array(jsonb_build_array(segment, 100)), created_at, 'migration' from managers;

alter table managers drop column timezone, drop column team, drop column segment, drop column opens, drop column closes, drop column days;

alter table calls add column segment text;

update calls c set segment = l.segment from leads l where l.id = c.lead_id;
