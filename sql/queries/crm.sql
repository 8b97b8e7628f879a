-- shown
-- Leads as people see them. $1 ids, $2 a manager whose own they must be (his, entered by him, or on a call of his), or null.
select l.id, l.name, l.company, l.segment, m.handle as manager, l.manager_id, l.stage, l.lost_reason, l.buys_analog, l.source,
  a.handle as author, l.author_kind, l.entered_at, c.due_at, c.basis, c.goal,
  x.id as exemption_id, x.kind as exemption_kind, x.status as exemption_status,
  exists (select from exemptions o where o.lead_id = l.id and o.kind = 'opt_out' and o.status in ('asked', 'approved')) as opted_out,
  array(select p.phone || coalesce(';ext=' || p.extension, '') from lead_phones p where p.lead_id = l.id order by p.added_at, p.phone) as phones
from leads l left join managers m on m.id = l.manager_id left join managers a on a.id = l.author_id
left join planned_contacts c on c.lead_id = l.id and c.closed_at is null
left join lateral (select e.id, e.kind, e.status from exemptions e where e.lead_id = l.id and e.status in ('asked', 'approved')
                   order by e.status, e.asked_at desc, e.id desc limit 1) x on true
where l.id = any($1::bigint[])
  and ($2::bigint is null or l.manager_id = $2 or l.author_id = $2
       or exists (select from calls k where k.lead_id = l.id and (k.manager_id = $2 or k.duty_manager_id = $2)))
order by l.id;

-- find
-- Ids of leads, newest first. $1 number, $2 manager, $3 stage, $4 segment, $5 whose own they must be, $6 ids below, $7 how many;
-- any of the first six may be null.
select l.id from leads l
where ($1::text is null or exists (select from lead_phones p where p.lead_id = l.id and p.phone = $1))
  and ($2::bigint is null or l.manager_id = $2) and ($3::text is null or l.stage = $3) and ($4::text is null or l.segment = $4)
  and ($5::bigint is null or l.manager_id = $5 or l.author_id = $5
       or exists (select from calls k where k.lead_id = l.id and (k.manager_id = $5 or k.duty_manager_id = $5)))
  and ($6::bigint is null or l.id < $6)
order by l.id desc limit $7;

-- holders
-- Which leads have these numbers. $1 numbers.
select phone, extension, lead_id from lead_phones where phone = any($1::text[]) order by lead_id;

-- add_leads
-- New leads, in order. $1 names, $2 companies, $3 segments, $4 managers, $5 stages, $6 buys analog, $7 sources, $8 entered at: one array
-- each; $9 author, $10 kind of author, $11 now.
insert into leads (name, company, segment, manager_id, stage, buys_analog, buys_analog_at, source, author_id, author_kind, entered_at,
  updated_at)
select u.name, u.company, u.segment, u.manager_id, u.stage, u.buys_analog, case when u.buys_analog <> 'unknown' then u.entered_at end,
  u.source, $9::bigint, $10::text, u.entered_at, $11::timestamptz
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
  with ordinality as u (name, company, segment, manager_id, stage, buys_analog, source, entered_at, place)
order by u.place returning id;

-- add_phones
-- Numbers of leads. $1 numbers, $2 extensions, $3 leads, $4 since when, one array each.
insert into lead_phones (phone, extension, lead_id, added_at)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[])
on conflict (phone, lead_id) do update set extension = excluded.extension;

-- remove_phones
-- Numbers a lead no longer has. $1 lead, $2 the numbers it keeps.
delete from lead_phones where lead_id = $1 and phone <> all($2::text[]);

-- change_lead
-- A lead as it is from now on. $1 id, $2 name, $3 company, $4 segment, $5 manager, $6 stage, $7 why lost, $8 buys analog, $9 source, $10 now.
update leads set name = $2, company = $3, segment = $4, manager_id = $5, stage = $6, lost_reason = $7, buys_analog = $8, source = $9,
  updated_at = $10
where id = $1;

-- qualify
-- Since when a lead says if it buys what we sell, or that it no longer says so. $1 lead, $2 when or null.
update leads set buys_analog_at = $2 where id = $1;

-- log_lead_moves
-- A lead went from one segment, owner or stage to another. $1 lead, $2 fields, $3 what was, $4 what is, one array each, $5 author, $6 at.
insert into lead_moves (lead_id, field, was, became, author, at)
select $1::bigint, u.field, u.was, u.became, $5::text, $6::timestamptz from unnest($2::text[], $3::text[], $4::text[]) as u (field, was, became);

-- give_up
-- A lead is lost, or is not any more. $1 lead, $2 when or null, $3 the manager who gave it up, or null.
update leads set lost_at = $2, lost_by = $3 where id = $1;

-- comment
-- A comment. $1 lead, $2 call, $3 author, $4 kind of author, $5 author's name, $6 text, $7 outcome, $8 goal, $9 at, $10 now.
insert into comments (lead_id, call_id, author_id, author_kind, author_name, text, outcome, goal, at, written_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id;

-- call_of_comment
-- Whose call a comment is on. $1 call.
select lead_id, candidates from calls where id = $1;

-- end_planned
-- The planned contact that stood when another was set no longer does; a machine's ends no person's. $1 lead, $2 when the other was set,
-- $3 by which kind of author.
update planned_contacts set closed_at = greatest($2, set_at), closed_because = 'moved'
where lead_id = $1 and ((closed_at is null and author_kind = 'machine' and $3 = 'person')
  or (id = (select id from planned_contacts where lead_id = $1 and author_kind = $3 and set_at <= $2 order by set_at desc, id desc limit 1)
      and (closed_at is null or closed_at > $2)));

-- plan
-- A planned contact. One set later already (history told out of order) has moved it, the lead's loss has ended it, and a machine's does
-- not stand beside a person's. $1 lead, $2 manager, $3 due, $4 basis, $5 goal, $6 author, $7 kind of author, $8 set at, $9 why it is far,
-- or null.
insert into planned_contacts (lead_id, manager_id, due_at, basis, goal, author_id, author_kind, set_at, reason, closed_at, closed_because)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, least(later.at, lost.at), case
    when lost.at <= coalesce(later.at, lost.at) then 'lost' when later.at is not null then 'moved' end
from (select min(greatest(p.set_at, $8)) as at from planned_contacts p where p.lead_id = $1
        and ((p.set_at > $8 and (p.author_kind = 'person' or $7 = 'machine'))
          or ($7 = 'machine' and p.author_kind = 'person' and p.set_at <= $8 and (p.closed_at is null or p.closed_at > $8)))) later,
  (select min(l.lost_at) as at from leads l where l.id = $1 and l.stage = 'lost' and l.lost_at >= $8) lost
returning id;

-- close_planned
-- The lead's open planned contact is over. $1 lead, $2 when, $3 why.
update planned_contacts set closed_at = greatest($2, set_at), closed_because = $3 where lead_id = $1 and closed_at is null;

-- history
-- All that happened with a lead, oldest first: calls, meetings, comments, planned contacts. $1 lead.
select 'call' as kind, c.started_at as at, c.id, m.handle as manager, c.direction, c.disposition, c.talk_seconds, c.recording_url,
  null as author_kind, null as text, null as outcome, null as goal, null::timestamptz as due_at, null as basis, null::bigint as call_id,
  null as closed_because, null as reason, null::timestamptz as edited_at, null::timestamptz as ended_at
from calls c left join managers m on m.id = c.manager_id where c.lead_id = $1 and c.twin_of is null
union all
select 'meeting', t.started_at, t.id, t.author_name, null, null, null, null, t.author_kind, null, null, t.goal, null, null, null, null, null, null,
  t.ended_at
from meetings t where t.lead_id = $1
union all
select 'comment', n.at, n.id, n.author_name, null, null, null, null, n.author_kind, n.text, n.outcome, n.goal, null, null, n.call_id, null, null,
  n.edited_at, null
from comments n where n.lead_id = $1
union all
select 'planned', p.set_at, p.id, m.handle, null, null, null, null, p.author_kind, null, null, p.goal, p.due_at, p.basis, null, p.closed_because,
  p.reason, null, null
from planned_contacts p left join managers m on m.id = coalesce(p.author_id, p.manager_id) where p.lead_id = $1
order by at, kind, id;

-- add_deal
-- A deal. $1 lead, $2 manager, $3 title, $4 amount, $5 stage, $6 now.
insert into deals (lead_id, manager_id, title, amount, stage, created_at, updated_at) values ($1, $2, $3, $4::numeric, $5, $6, $6) returning id;

-- change_deal
-- A deal as it is from now on. $1 id, $2 manager, $3 title, $4 amount, $5 stage, $6 now.
update deals set manager_id = $2, title = $3, amount = $4::numeric, stage = $5, updated_at = $6 where id = $1;

-- deals
-- Deals, newest first. $1 id, $2 lead, $3 whose own they must be, $4 ids below, any of them null, $5 how many.
select d.id, d.lead_id, d.manager_id, m.handle as manager, d.title, d.amount::text as amount, d.stage, d.created_at, d.updated_at
from deals d left join managers m on m.id = d.manager_id
where ($1::bigint is null or d.id = $1) and ($2::bigint is null or d.lead_id = $2) and ($3::bigint is null or d.manager_id = $3)
  and ($4::bigint is null or d.id < $4)
order by d.id desc limit $5;

-- planned
-- Open planned contacts due before a moment, overdue first, without those that were kept: since its day (in zone $3) began the lead was
-- dialled or spoken with. $1 before, $2 manager or null, $3 zone, $4 due no earlier, or null.
select p.id, p.lead_id, l.name as lead_name, m.handle as manager, p.due_at, p.basis, p.goal, p.set_at,
  (select c.outcome from comments c where c.lead_id = p.lead_id and c.author_kind = 'person' order by c.at desc, c.id desc limit 1) as last_outcome
from planned_contacts p join leads l on l.id = p.lead_id left join managers m on m.id = p.manager_id
where p.closed_at is null and p.due_at < $1 and ($2::bigint is null or p.manager_id = $2) and ($4::timestamptz is null or p.due_at >= $4)
  and not exists (select from calls c where c.lead_id = p.lead_id and (c.direction = 'outbound' or c.disposition = 'answered')
    and c.started_at >= greatest(p.set_at, date_trunc('day', p.due_at at time zone $3::text) at time zone $3::text))
order by p.due_at, p.id;

-- planned_today
-- Per manager, of the planned contacts whose day has come: open and due on it, overdue, and done: a call on the lead that day was made
-- or answered, or a meeting was held. $1 managers, $2 their days, $3 when these begin, $4 when they end, $5 before when a contact is
-- overdue, one array each.
select m.handle as manager,
  count(*) filter (where p.closed_at is null and p.due_at >= u.overdue and not touched) as due,
  count(*) filter (where p.closed_at is null and p.due_at < u.overdue and not touched) as overdue,
  count(*) filter (where touched) as done
from unnest($1::bigint[], $2::date[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
  as u (manager_id, day, since, until, overdue)
join managers m on m.id = u.manager_id
join planned_contacts p on p.manager_id = u.manager_id and p.due_at < u.until and (p.closed_at is null or p.closed_at >= u.since)
cross join lateral (select exists (
    select from calls c where c.lead_id = p.lead_id and c.started_at >= u.since and c.started_at < u.until
      and c.started_at >= p.set_at and (c.direction = 'outbound' or c.disposition = 'answered'))
    or exists (select from meetings n where n.lead_id = p.lead_id and n.author_kind = 'person' and n.started_at >= u.since
      and n.started_at < u.until and n.started_at >= p.set_at) as touched) t
group by m.handle;
