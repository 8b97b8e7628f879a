-- held
-- What a manager has: his leads, and on any lead the open planned contact and open deals that are his (on his own lead also nobody's).
-- $1 manager.
select l.id, l.manager_id, l.stage, l.name, p.id as planned_id, p.due_at,
  (select count(*) from deals d where d.lead_id = l.id and d.stage = 'open'
     and (d.manager_id = $1 or (d.manager_id is null and l.manager_id = $1))) as deals,
  (select count(*) from calls c where c.lead_id = l.id and c.twin_of is null) as calls,
  exists (select from comments n where n.lead_id = l.id and n.author_kind = 'person') as is_commented
from leads l
left join planned_contacts p on p.lead_id = l.id and p.closed_at is null
  and (p.manager_id = $1 or (p.manager_id is null and l.manager_id = $1))
where l.manager_id = $1 or p.manager_id = $1
  or l.id in (select d.lead_id from deals d where d.manager_id = $1 and d.stage = 'open')
order by l.id;

-- owed
-- Calls since a day for which a manager owes a comment. $1 manager, $2 first day.
select id, lead_id, comment from calls
where day >= $2 and duty_manager_id = $1 and comment in ('due', 'late') and twin_of is null
order by started_at, id;

-- open
-- A hand-over. $1 from whom, $2 to whom, $3 now, $4 author, $5 what there was.
insert into handovers (from_id, to_ids, at, author, report) values ($1, $2, $3, $4, $5::jsonb) returning id;

-- add_cards
-- Cards of a hand-over. $1 hand-over, then $2 leads, $3 whose they were, $4 whose they are, $5 whether open, one array each.
insert into handover_cards (handover_id, lead_id, former_id, to_id, is_open)
select $1::bigint, u.lead_id, u.former_id, u.to_id, u.is_open
from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[]) as u (lead_id, former_id, to_id, is_open);

-- log_owners
-- Whose leads were, before they become another's. $1 leads, $2 whose they become, one array each, $3 author, $4 now.
insert into lead_moves (lead_id, field, was, became, author, at)
select l.id, 'manager', l.manager_id::text, u.to_id::text, $3::text, $4::timestamptz
from unnest($1::bigint[], $2::bigint[]) as u (lead_id, to_id) join leads l on l.id = u.lead_id where l.manager_id is distinct from u.to_id;

-- move_leads
-- Leads become another's. $1 leads, $2 whose, one array each, $3 now.
update leads l set manager_id = u.to_id, updated_at = $3
from unnest($1::bigint[], $2::bigint[]) as u (lead_id, to_id) where l.id = u.lead_id;

-- hold_planned
-- Whose planned contacts were until this hand-over. $1 hand-over, $2 planned contacts.
insert into held_contacts (planned_id, handover_id, manager_id)
select p.id, $1::bigint, p.manager_id from planned_contacts p where p.id = any($2::bigint[]);

-- move_planned
-- Planned contacts become another's, and stay as they are. $1 planned contacts, $2 whose, one array each.
update planned_contacts p set manager_id = u.to_id
from unnest($1::bigint[], $2::bigint[]) as u (planned_id, to_id) where p.id = u.planned_id;

-- move_deals
-- A manager's open deals (on his own leads also nobody's) become another's; before the leads do. $1 leads, $2 whose, one array each,
-- $3 the manager, $4 now.
update deals d set manager_id = u.to_id, updated_at = $4
from unnest($1::bigint[], $2::bigint[]) as u (lead_id, to_id) join leads l on l.id = u.lead_id
where d.lead_id = u.lead_id and d.stage = 'open' and (d.manager_id = $3 or (d.manager_id is null and l.manager_id = $3));

-- last_of
-- The last hand-over from a manager. $1 manager.
select id from handovers where from_id = $1 order by at desc, id desc limit 1;

-- listed
-- Hand-overs, newest first, with how many cards there are and how many of the open ones nobody has read. $1 id, $2 a manager whose cards
-- there must be (and are counted), $3 ids below, any of them null, $4 how many.
select o.id, f.handle as leaver, array(select m.handle from unnest(o.to_ids) with ordinality as u (id, place)
    join managers m on m.id = u.id order by u.place) as owners, o.at, o.author, o.report, n.cards, n.unread
from handovers o join managers f on f.id = o.from_id
cross join lateral (select count(*) as cards, count(*) filter (where c.is_open and c.read_at is null) as unread
  from handover_cards c where c.handover_id = o.id and ($2::bigint is null or c.to_id = $2)) n
where ($1::bigint is null or o.id = $1) and ($2::bigint is null or n.cards > 0) and ($3::bigint is null or o.id < $3)
order by o.id desc limit $4;

-- cards
-- Cards of a hand-over with what a successor needs first, newest lead first. $1 hand-over, $2 whose they must be, $3 one lead,
-- $4 lead ids below, any of these three null, $5 how many.
select c.lead_id, l.name, l.company, l.stage, m.handle as manager, c.read_at, c.read_by, k.calls, k.owed,
  s.outcome as last_outcome, t.text, t.goal as said_goal, t.author_name, t.at as said_at, p.due_at, p.basis, p.goal,
  k.calls > 0 and not exists (select from comments n where n.lead_id = c.lead_id and n.author_kind = 'person') as without_comments
from handover_cards c join leads l on l.id = c.lead_id join managers m on m.id = c.to_id
left join planned_contacts p on p.lead_id = c.lead_id and p.closed_at is null
cross join lateral (select count(*) as calls, count(*) filter (where a.comment in ('due', 'late')) as owed
  from calls a where a.lead_id = c.lead_id and a.twin_of is null) k
left join lateral (select n.outcome from comments n where n.lead_id = c.lead_id and n.author_kind = 'person' and n.outcome is not null
  order by n.at desc, n.id desc limit 1) s on true
left join lateral (select n.text, n.goal, n.author_name, n.at from comments n
  where n.lead_id = c.lead_id and n.author_kind = 'person' and n.text <> '' order by n.at desc, n.id desc limit 1) t on true
where c.handover_id = $1 and ($2::bigint is null or c.to_id = $2) and ($3::bigint is null or c.lead_id = $3)
  and ($4::bigint is null or c.lead_id < $4)
order by c.lead_id desc limit $5;

-- read
-- A card was read; the first time stays. $1 hand-over, $2 lead, $3 now, $4 by whom.
update handover_cards set read_at = $3, read_by = $4 where handover_id = $1 and lead_id = $2 and read_at is null;

-- to_read
-- The cards these leads were, each until the lead was handed over again, and who had it at that moment, or has it now. $1 leads.
select c.lead_id, c.handover_id, c.to_id, f.handle as leaver, o.at, c.read_at, x.at as passed_at,
  case when x.at is null then l.manager_id else x.former_id end as last_owner
from handover_cards c join handovers o on o.id = c.handover_id join managers f on f.id = o.from_id join leads l on l.id = c.lead_id
left join lateral (select n.at, k.former_id from handover_cards k join handovers n on n.id = k.handover_id
  where k.lead_id = c.lead_id and (n.at, n.id) > (o.at, o.id) order by n.at, n.id limit 1) x on true
where c.lead_id = any($1::bigint[]) and c.is_open order by o.at, o.id, c.lead_id;

-- given
-- Leads handed over to these managers, or to anybody, since a moment. $1 managers or null, $2 since.
select distinct c.lead_id from handovers o join handover_cards c on c.handover_id = o.id
where o.at >= $2 and c.is_open and ($1::bigint[] is null or c.to_id = any($1::bigint[]));
