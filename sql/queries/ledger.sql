-- known
-- Calls a source already has under these keys, started on these days. $1 source, $2 days, $3 keys.
select id, call_key, manager_id, duty_manager_id, lead_id, number, day, delivery_ids, settled, personal from calls
where started_on = any($2::date[]) and source_id = $1 and call_key = any($3::text[]);

-- told_by
-- Calls that these deliveries told of when they were understood before. $1 deliveries.
select c.id, c.call_key, c.manager_id, c.duty_manager_id, c.lead_id, c.number, c.day, c.delivery_ids, c.settled, c.personal
from (select distinct unnest(call_ids) as id from deliveries where id = any($1::bigint[])) t join calls c on c.id = t.id;

-- repeating
-- Calls that repeat another source's calls. $1 the calls they repeat.
select * from calls where twin_of = any($1::bigint[]);

-- insert
-- New calls. $1 source, $2 now, then one array a column.
insert into calls (source_id, understood_at, call_key, started_on, direction, extension, number, number_raw, started_at, answered_at,
  ended_at, ring_seconds, talk_seconds, disposition, hangup_cause, recording_url, via, final, settled, talked, delivery_ids, manager_id,
  duty_manager_id, day, lead_id, candidates, match, match_reason, why_not_dial, why_not_connect, on_norm_lead, segment,
  robot)
select $1::bigint, $2::timestamptz, u.call_key, u.started_on, u.direction, u.extension, u.number, u.number_raw, u.started_at, u.answered_at,
  u.ended_at, u.ring_seconds, u.talk_seconds, u.disposition, u.hangup_cause, u.recording_url, u.via, u.final, u.settled, u.talked::jsonb,
  array(select jsonb_array_elements_text(u.delivery_ids::jsonb)::bigint), u.manager_id, u.duty_manager_id, u.day, u.lead_id,
  array(select jsonb_array_elements_text(u.candidates::jsonb)::bigint), u.match, u.match_reason, u.why_not_dial, u.why_not_connect,
  u.on_norm_lead, u.segment, u.robot
from unnest($3::text[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
            $11::timestamptz[], $12::int[], $13::int[], $14::text[], $15::text[], $16::text[], $17::text[], $18::boolean[], $19::text[],
            $20::text[], $21::text[], $22::bigint[], $23::bigint[], $24::date[], $25::bigint[], $26::text[], $27::text[], $28::text[],
            $29::text[], $30::text[], $31::boolean[], $32::text[], $33::boolean[])
  as u (call_key, started_on, direction, extension, number, number_raw, started_at, answered_at, ended_at, ring_seconds, talk_seconds,
        disposition, hangup_cause, recording_url, via, final, settled, talked, delivery_ids, manager_id, duty_manager_id, day, lead_id,
        candidates, match, match_reason, why_not_dial, why_not_connect, on_norm_lead, segment, robot)
returning id, call_key;

-- update
-- What is now known of calls. $1 ids, $2 now, then one array a column as in insert.
update calls c set understood_at = $2, call_key = u.call_key, started_on = u.started_on, direction = u.direction, extension = u.extension,
  number = u.number, number_raw = u.number_raw, started_at = u.started_at, answered_at = u.answered_at, ended_at = u.ended_at,
  ring_seconds = u.ring_seconds, talk_seconds = u.talk_seconds, disposition = u.disposition, hangup_cause = u.hangup_cause,
  recording_url = u.recording_url, via = u.via, final = u.final, settled = u.settled, talked = u.talked::jsonb,
  delivery_ids = array(select jsonb_array_elements_text(u.delivery_ids::jsonb)::bigint), manager_id = u.manager_id,
  duty_manager_id = u.duty_manager_id, day = u.day, lead_id = u.lead_id,
  candidates = array(select jsonb_array_elements_text(u.candidates::jsonb)::bigint), match = u.match, match_reason = u.match_reason,
  why_not_dial = u.why_not_dial, why_not_connect = u.why_not_connect, on_norm_lead = u.on_norm_lead,
  segment = u.segment, robot = u.robot
from unnest($1::bigint[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
            $11::timestamptz[], $12::int[], $13::int[], $14::text[], $15::text[], $16::text[], $17::text[], $18::boolean[], $19::text[],
            $20::text[], $21::text[], $22::bigint[], $23::bigint[], $24::date[], $25::bigint[], $26::text[], $27::text[], $28::text[],
            $29::text[], $30::text[], $31::boolean[], $32::text[], $33::boolean[])
  as u (id, call_key, started_on, direction, extension, number, number_raw, started_at, answered_at, ended_at, ring_seconds, talk_seconds,
        disposition, hangup_cause, recording_url, via, final, settled, talked, delivery_ids, manager_id, duty_manager_id, day, lead_id,
        candidates, match, match_reason, why_not_dial, why_not_connect, on_norm_lead, segment, robot)
where c.id = u.id;

-- repoint_comments
-- Two calls became one: what was written on the absorbed call belongs to the other. $1 absorbed ids, $2 surviving ids.
update comments c set call_id = u.survivor from unnest($1::bigint[], $2::bigint[]) as u (absorbed, survivor) where c.call_id = u.absorbed;

-- remove
-- Calls that are no more: another call absorbed them, or their deliveries tell otherwise now. $1 ids.
delete from calls where id = any($1::bigint[]);

-- whole
-- Calls by id, as the ledger has them. $1 ids.
select * from calls where id = any($1::bigint[]);

-- of_leads
-- Calls on these leads, chosen or one of several that have the number, since a moment. $1 leads, $2 since.
select * from calls where lead_id = any($1::bigint[]) and started_at >= $2
union all
select * from calls where cardinality(candidates) > 1 and candidates && $1::bigint[] and lead_id <> all($1::bigint[]) and started_at >= $2;

-- of_people
-- Ids of calls since a day that are these managers', or by an extension they have or had. $1 first day, $2 managers.
select c.id from calls c
where c.day >= $1 and (c.manager_id = any($2::bigint[]) or c.duty_manager_id = any($2::bigint[])
  or c.extension in (select e.extension from extensions e where e.manager_id = any($2::bigint[]))
  or exists (select from jsonb_array_elements(c.talked) t join extensions e on e.extension = t ->> 'extension'
             where e.manager_id = any($2::bigint[])));

-- of_day
-- Ids of calls of a day that are these managers', or whose duty is theirs. $1 day, $2 managers.
select id from calls where day = $1 and (manager_id = any($2::bigint[]) or duty_manager_id = any($2::bigint[]));

-- undecided
-- Ids of calls since a day whose day is not closed for who made them or for who owes for them. $1 first day.
select c.id from calls c
left join closed_days made on made.manager_id = c.manager_id and made.day = c.day
left join closed_days owed on owed.manager_id = c.duty_manager_id and owed.day = c.day
where c.day >= $1 and (made.day is null or owed.day is null);

-- alike
-- Every call of these managers to these numbers on these days. $1 days, $2 numbers, $3 managers, one array each.
select c.* from (select distinct * from unnest($1::date[], $2::text[], $3::bigint[]) as t (day, number, manager_id)) u
join calls c on c.day = u.day and c.number = u.number and c.manager_id = u.manager_id and c.twin_of is null;

-- weigh
-- What calls count for. $1 ids, $2 why no dial, $3 why no connect, $4 on a lead of a segment of his, $5 the lead's segment, one array each.
update calls c set why_not_dial = u.why_not_dial, why_not_connect = u.why_not_connect, on_norm_lead = u.on_norm_lead, segment = u.segment
from unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[], $5::text[]) as u (id, why_not_dial, why_not_connect, on_norm_lead, segment)
where c.id = u.id;

-- judge
-- Where a call stands with its comment and next date. $1 ids, $2 comment, $3 next contact, $4 when it got its comment, one array each.
update calls c set comment = u.comment, next_contact = u.next_contact, commented_at = u.commented_at
from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) as u (id, comment, next_contact, commented_at) where c.id = u.id;

-- expire
-- What was due at a deadline that has passed is late. $1 calls, $2 which: comment or next_contact.
update calls set comment = case when $2 = 'comment' and comment = 'due' then 'late' else comment end,
  next_contact = case when $2 = 'next_contact' and next_contact = 'due' then 'late' else next_contact end
where id = any($1::bigint[]);

-- of_numbers
-- Ids of calls with these numbers since a day. $1 numbers, $2 first day.
select id from calls where number = any($1::text[]) and day >= $2;

-- of_lead_numbers
-- Ids of calls with these leads' numbers, or on these leads, since a day. $1 leads, $2 first day.
select c.id from lead_phones p join calls c on c.number = p.phone
where p.lead_id = any($1::bigint[]) and c.day >= $2
union
select c.id from calls c where c.lead_id = any($1::bigint[]) and c.day >= $2;

-- listed
-- Calls for people, newest first. $1 id, $2 day, $3 manager, $4 source name, $5 number, $6 lead, $7 a manager who must have a part in
-- it, $8 what it counts for (below), $9 and $10 started at and id of the last one seen; any of them null; $11 how many,
-- $12 only those claimed to be conversations that wait for a word, or only the others, or null.
-- A call that two sources told of is one line, unless it is asked for by its own id or by the source that repeats it;
-- what repeats counts for nothing.
-- $8: dials_pbx, dials_crm, dials, connects_pbx, connects_crm, connects, none (a dial that does not count), or why it does not.
select c.*, s.name as source, s.dialect, m.handle as manager, o.handle as duty_manager,
  array(select t.id from calls t where t.twin_of = c.id order by t.id) as twins
from calls c join sources s on s.id = c.source_id
left join managers m on m.id = c.manager_id left join managers o on o.id = c.duty_manager_id
where ($1::bigint is null or c.id = $1) and ($2::date is null or c.day = $2) and ($3::bigint is null or c.manager_id = $3)
  and ($4::text is null or s.name = $4) and ($5::text is null or c.number = $5)
  and ($6::bigint is null or c.lead_id = $6 or $6 = any(c.candidates))
  and ($7::bigint is null or c.manager_id = $7 or c.duty_manager_id = $7)
  and (c.twin_of is null or $1::bigint is not null or ($4::text is not null and $8::text is null))
  and ($8::text is null or (c.direction = 'outbound' and case $8
    when 'dials_pbx' then true
    when 'dials_crm' then c.on_norm_lead
    when 'dials' then c.why_not_dial is null
    when 'connects_pbx' then c.disposition = 'answered'
    when 'connects_crm' then c.disposition = 'answered' and c.on_norm_lead
    when 'connects' then c.why_not_connect is null
    when 'none' then c.why_not_dial is not null
    else c.why_not_dial = $8 end))
  and ($12::boolean is null or (c.claimed and c.claim is null) = $12)
  and ($9::timestamptz is null or (c.started_at, c.id) < ($9, $10::bigint))
order by c.started_at desc, c.id desc limit $11;

-- missed_and_returned
-- Calls with those of these numbers of which an incoming call was not answered. $1 numbers, $2 since, $3 the sources that count.
select c.id, c.number, c.day, c.direction, c.disposition, c.match, c.final, c.started_at, c.manager_id, c.lead_id, c.delivery_ids
from unnest($1::text[]) as u (number) join calls c on c.number = u.number
where c.started_at >= $2 and c.twin_of is null and c.source_id = any($3::bigint[])
  and exists (select from calls m where m.number = u.number and m.started_at >= $2 and m.direction = 'inbound' and m.disposition <> 'answered');

-- told_between
-- Calls of these sources between two moments. $1 sources, $2 from, $3 until, $4 first UTC day, $5 last UTC day.
select id, day, number from calls
where source_id = any($1::bigint[]) and started_on between $4 and $5 and started_at >= $2 and started_at < $3;

-- by_number
-- Calls with these numbers on these days, of every source. $1 days, $2 numbers, one array each.
select c.* from (select distinct * from unnest($1::date[], $2::text[]) as t (day, number)) u
join calls c on c.day = u.day and c.number = u.number;

-- point
-- Which call another call repeats, or none. $1 ids, $2 the calls they repeat, one array each.
update calls c set twin_of = u.twin_of from unnest($1::bigint[], $2::bigint[]) as u (id, twin_of) where c.id = u.id;

-- say_machine
-- Whether a person says of a call that an answering machine took it. $1 ids, $2 whether, one array each.
update calls c set said_machine = u.said from unnest($1::bigint[], $2::boolean[]) as u (id, said) where c.id = u.id;

-- claim
-- Whether people say of calls that they were conversations though short. $1 ids, $2 whether, one array each.
update calls c set claimed = u.claimed from unnest($1::bigint[], $2::boolean[]) as u (id, claimed) where c.id = u.id;

-- dials_of
-- What these managers dialled themselves on a day. $1 day, $2 managers.
select id, manager_id, number, started_at, talk_seconds, disposition, match, match_reason, lead_id from calls
where day = $1 and manager_id = any($2::bigint[]) and direction = 'outbound' and number is not null and twin_of is null
  and why_not_dial is distinct from 'robot'
order by started_at, id;

-- attempts
-- When these leads were dialled or talked with, since a moment. $1 leads, $2 since, $3 seconds that make a conversation, $4 sources that
-- have their own, $5 theirs. A robot's dial without a conversation is nobody's.
select c.lead_id, c.started_at from calls c
left join unnest($4::bigint[], $5::int[]) as t (source_id, min_talk) on t.source_id = c.source_id
where c.lead_id = any($1::bigint[]) and c.started_at >= $2 and c.twin_of is null and c.why_not_dial is distinct from 'robot'
  and (c.direction = 'outbound' or (c.disposition = 'answered' and c.talk_seconds >= coalesce(t.min_talk, $3::int)));

-- overdue
-- Ids of calls whose end was not told in time. $1 sources, $2 began at the latest, one array each.
select c.id from unnest($1::bigint[], $2::timestamptz[]) as u (source_id, latest)
join calls c on c.source_id = u.source_id and c.started_at <= u.latest where not c.final order by c.id limit 1000;

-- settle
-- The end of these calls was never told: they are final without it. $1 ids, $2 why.
update calls set final = true, settled = $2 where id = any($1::bigint[]);
