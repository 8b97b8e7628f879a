-- comments_on
-- What was written on these leads, or on these calls, since a moment. $1 leads, $2 calls, $3 since.
select c.id, c.lead_id, c.call_id, c.author_kind, c.author_id, c.text, c.outcome, c.at, p.text as previous
from (select id, lead_id, call_id, author_kind, author_id, text, outcome, at from comments
      where lead_id = any($1::bigint[]) and at >= $3
      union
      select id, lead_id, call_id, author_kind, author_id, text, outcome, at from comments
      where call_id = any($2::bigint[]) and lead_id <> all($1::bigint[])) c
left join lateral (select b.text from comments b where b.lead_id = c.lead_id and b.author_kind = 'person' and b.text <> ''
                     and (b.at, b.id) < (c.at, c.id) order by b.at desc, b.id desc limit 1) p on true;

-- promises_of
-- Every planned contact of these leads, moved ones too, that was set or due since a moment, with who had it until when.
-- $1 leads, $2 since.
select p.id, p.lead_id, p.manager_id, p.author_id, p.author_kind, p.due_at, p.basis, p.set_at, p.closed_at,
  array(select o.at from held_contacts h join handovers o on o.id = h.handover_id where h.planned_id = p.id order by o.at, o.id) as handed_at,
  array(select h.manager_id from held_contacts h join handovers o on o.id = h.handover_id
        where h.planned_id = p.id order by o.at, o.id) as former_ids
from planned_contacts p where p.lead_id = any($1::bigint[]) and (p.set_at >= $2 or p.due_at >= $2) order by p.lead_id, p.set_at, p.id;

-- promised_by
-- Leads with planned contacts that these managers have or had, due since a day or handed over two weeks before it at the most.
-- $1 managers, $2 first day.
select lead_id from planned_contacts where manager_id = any($1::bigint[]) and due_at >= $2::date
union
select p.lead_id from handovers o join held_contacts h on h.handover_id = o.id join planned_contacts p on p.id = h.planned_id
where (h.manager_id = any($1::bigint[]) or p.manager_id = any($1::bigint[])) and (p.due_at >= $2::date or o.at >= $2::date - 14);

-- planned_for
-- Every planned contact these leads have had since a moment, and those open then. $1 leads, $2 since.
select id, lead_id, due_at, basis, author_kind, set_at, closed_at, closed_because from planned_contacts
where lead_id = any($1::bigint[]) and (closed_at is null or closed_at >= $2);

-- entered
-- Leads of these that a person entered since a moment. $1 leads, $2 since.
select id, author_id, entered_at from leads
where id = any($1::bigint[]) and author_kind = 'person' and author_id is not null and source is distinct from 'import' and entered_at >= $2;

-- given_up
-- Which of these leads managers gave up, and after how many conversations. $1 leads, $2 seconds that make a conversation,
-- $3 sources that have their own, $4 theirs.
select l.id, l.lost_by, l.lost_at, (select count(*) from calls c
    left join unnest($3::bigint[], $4::int[]) as t (source_id, min_talk) on t.source_id = c.source_id
    where c.lead_id = l.id and c.twin_of is null and c.disposition = 'answered' and c.started_at <= l.lost_at
      and (c.talk_seconds >= coalesce(t.min_talk, $2::int) or c.claim = 'accepted')) as conversations
from leads l where l.id = any($1::bigint[]) and l.stage = 'lost' and l.lost_by is not null;

-- first_conversations
-- The first conversation on each of these leads. $1 leads, $2 seconds that make a conversation.
select l.id as lead_id, l.buys_analog_at, c.id, c.started_at, c.ended_at, c.talk_seconds, c.duty_manager_id, c.delivery_ids
from leads l cross join lateral (
  select k.id, k.started_at, k.ended_at, k.talk_seconds, k.duty_manager_id, k.delivery_ids from calls k
  where k.lead_id = l.id and k.twin_of is null and k.final and k.disposition = 'answered' and k.talk_seconds >= $2
  order by k.started_at, k.id limit 1) c
where l.id = any($1::bigint[]);
