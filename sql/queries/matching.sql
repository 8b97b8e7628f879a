-- leads_by_number
-- Leads that have these numbers, with what choosing among several needs. $1 numbers.
select p.phone, l.id, l.segment, l.manager_id, l.stage, greatest(l.entered_at, p.added_at) as entered_at, c.due_at,
  (select max(m.at) from comments m where m.lead_id = l.id) as last_comment_at,
  (select jsonb_agg(jsonb_build_array(v.id, v.field, v.was, extract(epoch from v.at)) order by v.id) from lead_moves v
   where v.lead_id = l.id and v.field <> 'stage') as moves
from lead_phones p join leads l on l.id = p.lead_id
left join planned_contacts c on c.lead_id = l.id and c.closed_at is null
where p.phone = any($1::text[]);

-- leads_by_id
-- Leads a call is on, whatever their numbers are now (EC-16). $1 ids.
select l.id, l.segment, l.manager_id, l.stage, l.entered_at,
  (select jsonb_agg(jsonb_build_array(v.id, v.field, v.was, extract(epoch from v.at)) order by v.id) from lead_moves v
   where v.lead_id = l.id and v.field <> 'stage') as moves
from leads l where l.id = any($1::bigint[]);

-- managers_by_extension
-- Who had these extensions, when; a mapping without a source holds for every source. $1 extensions.
select source_id, extension, manager_id, from_day, to_day from extensions where extension = any($1::text[]);

-- exclude
-- A number that is never a client's, or another reason why. $1 number, $2 kind, $3 now.
insert into excluded_numbers (number, kind, created_at) values ($1, $2, $3) on conflict (number) do update set kind = excluded.kind;

-- readmit
-- A number may be a client's again. $1 number.
delete from excluded_numbers where number = $1 returning number;

-- keep_private
-- A number that is one manager's private one. $1 number, $2 manager, $3 now.
insert into private_numbers (number, manager_id, created_at) values ($1, $2, $3) on conflict do nothing;

-- readmit_private
-- A number is a manager's private one no longer. $1 number, $2 manager.
delete from private_numbers where number = $1 and manager_id = $2 returning number;

-- all_excluded
-- Every number that is never a client's, or never one manager's client's.
select x.number, x.kind, m.handle as manager, x.created_at
from (select number, kind, null::bigint as manager_id, created_at from excluded_numbers
      union all
      select number, 'private', manager_id, created_at from private_numbers) x left join managers m on m.id = x.manager_id
order by x.number, m.handle nulls first;

-- excluded
-- Which of these numbers are never a client's, for everybody or for one manager. $1 numbers.
select number, kind, null::bigint as manager_id from excluded_numbers where number = any($1::text[])
union all
select number, 'private', manager_id from private_numbers where number = any($1::text[]);
