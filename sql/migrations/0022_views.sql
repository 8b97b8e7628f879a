-- Views for people and lists: public surface, read by Grafana and whatever else asks, through a role that sees nothing else
-- (sql/reader.sql). Numbers agree with the API; no phone number stands in them in clear, no token, no address of a channel.

create view people as
select m.id as manager_id, m.handle as manager, m.name, w.team, w.timezone, w.today,
  w.today::timestamp at time zone w.timezone as today_begins,
  (m.first_day is null or m.first_day <= w.today) and (m.last_day is null or m.last_day >= w.today) as is_here
from managers m
cross join lateral (
  select coalesce(v.team, '—') as team, v.timezone, (now() at time zone v.timezone)::date as today from manager_versions v
  where v.manager_id = m.id and (v.from_day is null or v.from_day <= (now() at time zone v.timezone)::date)
  order by v.from_day desc nulls last limit 1) w;

comment on view people is 'Managers as they are now, a line each. Today is the calendar day of his own zone, where the API also knows night shifts.';
comment on column people.manager_id is 'Number of the manager in other views of this schema';
comment on column people.manager is 'Handle, as in metrics and the API';
comment on column people.name is 'Name for people';
comment on column people.team is 'Team today, a dash where there is none';
comment on column people.timezone is 'His clock';
comment on column people.today is 'His calendar day now';
comment on column people.today_begins is 'When that day began';
comment on column people.is_here is 'Has begun and not left';

create view team_days as
select distinct on (r.day, r.manager_id) m.handle as manager, m.name, w.team, r.day, r.kind, r.at as told_at,
  coalesce(r.line ->> 'provisional', r.line ->> 'verdict') as verdict, (r.line ->> 'scheduled')::boolean as is_scheduled,
  (r.line #>> '{dials,pbx}')::int as dials_pbx,
  (r.line #>> '{dials,crm}')::int as dials_crm,
  (r.line #>> '{dials,counted}')::int as dials_counted,
  (r.line #>> '{dials,min}')::int as dials_min,
  (r.line #>> '{dials,target}')::int as dials_target,
  (r.line #>> '{connects,pbx}')::int as connects_pbx,
  (r.line #>> '{connects,crm}')::int as connects_crm,
  (r.line #>> '{connects,counted}')::int as connects_counted,
  (r.line #>> '{connects,min}')::int as connects_min,
  (r.line #>> '{connects,target}')::int as connects_target,
  (r.line #>> '{new_leads,entered}')::int as new_leads_entered,
  (r.line #>> '{new_leads,counted}')::int as new_leads_counted,
  (r.line #>> '{new_leads,min}')::int as new_leads_min,
  (r.line #>> '{new_leads,target}')::int as new_leads_target
from day_reports r join managers m on m.id = r.manager_id
cross join lateral (
  select coalesce(v.team, '—') as team from manager_versions v
  where v.manager_id = r.manager_id and (v.from_day is null or v.from_day <= r.day)
  order by v.from_day desc nulls last limit 1) w
order by r.day, r.manager_id, r.kind = 'provisional', r.at desc, r.id desc;

comment on view team_days is 'A line a manager and day, as it was last put on record: closed, corrected or reopened, else provisional (R5, EC-38).';
comment on column team_days.manager is 'Handle';
comment on column team_days.name is 'Name';
comment on column team_days.team is 'Team of that day, a dash where there was none';
comment on column team_days.day is 'Shift day';
comment on column team_days.kind is 'closed, corrected, reopened, or provisional while the day is under way';
comment on column team_days.told_at is 'When it was put on record';
comment on column team_days.verdict is 'not_met, met, target, not_evaluated or off. Of a provisional line what it would be';
comment on column team_days.is_scheduled is 'On shift that day';
comment on column team_days.dials_pbx is 'What the PBX proved of dials';
comment on column team_days.dials_crm is 'Of these dials, on a lead of his segments';
comment on column team_days.dials_counted is 'dials that count';
comment on column team_days.dials_min is 'Floor of dials that day';
comment on column team_days.dials_target is 'Target of dials that day';
comment on column team_days.connects_pbx is 'What the PBX proved of connects';
comment on column team_days.connects_crm is 'Of these connects, on a lead of his segments';
comment on column team_days.connects_counted is 'connects that count';
comment on column team_days.connects_min is 'Floor of connects that day';
comment on column team_days.connects_target is 'Target of connects that day';
comment on column team_days.new_leads_entered is 'Leads he entered that day';
comment on column team_days.new_leads_counted is 'New leads that count';
comment on column team_days.new_leads_min is 'Floor of new leads that day';
comment on column team_days.new_leads_target is 'Target of new leads that day';

create view call_lines as
select c.id as call, c.day, c.started_at, s.name as source, m.handle as manager, m.name, o.handle as owes,
  case when coalesce(m.id, o.id) is null then '—' else w.team end as team, c.direction, c.disposition, c.via, c.talk_seconds,
  case when length(c.number) > 4 then left(c.number, 2) || '***' || right(c.number, 2) when c.number is not null then '***' end as number,
  c.lead_id as lead, regexp_replace(l.name, '\+?\d[\d ().-]{5,}\d', '***', 'g') as lead_name, c.match,
  c.direction = 'outbound' and c.manager_id is not null as is_dial,
  c.direction = 'outbound' and c.manager_id is not null and c.why_not_dial is null as dial_counts, c.why_not_dial,
  c.direction = 'outbound' and c.manager_id is not null and c.why_not_connect is null as connect_counts, c.why_not_connect,
  c.comment, c.commented_at, c.next_contact
from calls c join sources s on s.id = c.source_id
left join managers m on m.id = c.manager_id left join managers o on o.id = c.duty_manager_id left join leads l on l.id = c.lead_id
left join lateral (
  select coalesce(v.team, '—') as team from manager_versions v
  where v.manager_id = coalesce(c.manager_id, c.duty_manager_id) and (v.from_day is null or v.from_day <= c.day)
  order by v.from_day desc nulls last limit 1) w on true
where c.twin_of is null;

comment on view call_lines is 'Calls with what they count for and what is owed for them. A call that two sources told of is one line. No phone number in clear.';
comment on column call_lines.call is 'Id: GET /api/v1/calls/{id} opens it down to its deliveries';
comment on column call_lines.day is 'Shift day';
comment on column call_lines.started_at is 'When it began';
comment on column call_lines.source is 'PBX that told of it';
comment on column call_lines.manager is 'Handle of whose call it is';
comment on column call_lines.name is 'His name';
comment on column call_lines.owes is 'Handle of who owes its comment and next date';
comment on column call_lines.team is 'Team that day, a dash where there was none or nobody';
comment on column call_lines.direction is 'outbound, inbound, internal';
comment on column call_lines.disposition is 'answered, no_answer, busy, failed, canceled, voicemail';
comment on column call_lines.via is 'ip, mobile, unknown';
comment on column call_lines.talk_seconds is 'Seconds of conversation';
comment on column call_lines.number is 'The outside number, masked';
comment on column call_lines.lead is 'Id of the lead';
comment on column call_lines.lead_name is 'Its name, digits of a phone masked';
comment on column call_lines.match is 'matched, ambiguous, none, internal, excluded';
comment on column call_lines.is_dial is 'A dial of a manager';
comment on column call_lines.dial_counts is 'Counts as a dial';
comment on column call_lines.why_not_dial is 'Else the reason';
comment on column call_lines.connect_counts is 'Counts as a connect';
comment on column call_lines.why_not_connect is 'Else the reason';
comment on column call_lines.comment is 'done, due, late, not_needed';
comment on column call_lines.commented_at is 'When the comment came that covers it';
comment on column call_lines.next_contact is 'The next date: done, due, late, not_needed';

create view discipline as
select m.handle as manager, m.name, w.team, q.day, sum(q.owed)::int as owed, sum(q.commented)::int as commented,
  sum(q.conversations)::int as conversations, sum(q.conversations_commented)::int as conversations_commented,
  sum(q.minutes)::float8 as comment_minutes, sum(q.dates_owed)::int as dates_owed, sum(q.dated)::int as dated,
  sum(q.agreed)::int as agreed, sum(q.own)::int as own
from (
  select c.duty_manager_id as manager_id, c.day, (c.comment <> 'not_needed')::int as owed,
    (c.comment <> 'not_needed' and c.commented_at is not null)::int as commented,
    (c.comment <> 'not_needed' and c.disposition = 'answered')::int as conversations,
    (c.comment <> 'not_needed' and c.disposition = 'answered' and c.commented_at is not null)::int as conversations_commented,
    case when c.comment <> 'not_needed' and c.disposition = 'answered'
      then greatest(extract(epoch from c.commented_at - coalesce(c.ended_at, c.started_at)), 0) / 60 end as minutes,
    (c.next_contact <> 'not_needed')::int as dates_owed, (c.next_contact = 'done')::int as dated, 0 as agreed, 0 as own
  from calls c where c.duty_manager_id is not null and c.twin_of is null
  union all
  select u.manager_id, (p.set_at at time zone u.timezone)::date, 0, 0, 0, 0, null, 0, 0, (p.basis = 'agreed')::int, (p.basis = 'own')::int
  from planned_contacts p join people u on u.manager_id = coalesce(p.author_id, p.manager_id) where p.author_kind = 'person') q
join managers m on m.id = q.manager_id
cross join lateral (
  select coalesce(v.team, '—') as team from manager_versions v
  where v.manager_id = q.manager_id and (v.from_day is null or v.from_day <= q.day)
  order by v.from_day desc nulls last limit 1) w
group by m.handle, m.name, w.team, q.day;

comment on view discipline is 'What managers wrote down, a line a manager and day. Calls stand with who owes their comment (R18, R26), dates with who set them (R28).';
comment on column discipline.manager is 'Handle';
comment on column discipline.name is 'Name';
comment on column discipline.team is 'Team that day, a dash where there was none';
comment on column discipline.day is 'Shift day of the calls, local day on which dates were set';
comment on column discipline.owed is 'Calls that owe a comment or an outcome';
comment on column discipline.commented is 'Of these, with one, in time or late';
comment on column discipline.conversations is 'Answered calls that owe a comment';
comment on column discipline.conversations_commented is 'Of these, with one';
comment on column discipline.comment_minutes is 'Minutes from the end of these conversations to their comments, in all';
comment on column discipline.dates_owed is 'Calls that owe a next date';
comment on column discipline.dated is 'Of these, with one';
comment on column discipline.agreed is 'Next dates set that were agreed with the client';
comment on column discipline.own is 'Next dates set by the manager himself';

create view open_violations as
select v.id as violation, m.handle as manager, m.name, w.team, v.code,
  case when v.code = 'V16' and v.evidence ->> 'removed' = 'true' then 'COMMENT_REMOVED' else c.title end as title,
  case when v.code = 'V09' and v.evidence ->> 'basis' = 'own' then 'minor' else c.severity end as severity,
  v.status, v.day, v.due_at, v.opened_at, v.subject_kind, v.subject_id, s.lead,
  regexp_replace(l.name, '\+?\d[\d ().-]{5,}\d', '***', 'g') as lead_name
from violations v join managers m on m.id = v.manager_id
cross join lateral (
  select coalesce(k.team, '—') as team from manager_versions k
  where k.manager_id = v.manager_id and (k.from_day is null or k.from_day <= v.day)
  order by k.from_day desc nulls last limit 1) w
cross join lateral (select case v.subject_kind
  when 'lead' then v.subject_id::bigint
  when 'call' then (select c.lead_id from calls c where c.id = v.subject_id::bigint)
  when 'planned' then (select p.lead_id from planned_contacts p where p.id = v.subject_id::bigint)
  when 'meeting' then (select t.lead_id from meetings t where t.id = v.subject_id::bigint) end as lead) s
left join leads l on l.id = s.lead
join (values
    ('V01', 'CALL_NO_COMMENT', 'major'),
    ('V02', 'DIAL_NO_OUTCOME', 'minor'),
    ('V03', 'CALL_NO_NEXT_DATE', 'major'),
    ('V04', 'DIAL_NO_LEAD', 'major'),
    ('V05', 'INBOUND_NO_LEAD', 'minor'),
    ('V06', 'NORM_DIALS', 'major'),
    ('V07', 'NORM_CONNECTS', 'major'),
    ('V08', 'NORM_NEW_LEADS', 'major'),
    ('V09', 'PLANNED_CONTACT_MISSED', 'major'),
    ('V10', 'LEAD_WITHOUT_DATE', 'minor'),
    ('V11', 'MISSED_NOT_RETURNED', 'major'),
    ('V12', 'CRM_CALL_NOT_IN_PBX', 'major'),
    ('V13', 'SUSPECT_DIALS', 'review'),
    ('V14', 'LEADS_NEVER_CALLED', 'minor'),
    ('V15', 'DATE_PUSHED', 'minor'),
    ('V16', 'COMMENT_POOR', 'minor'),
    ('V17', 'LEAD_CLOSED_EARLY', 'major'),
    ('V18', 'HANDOVER_GAP', 'minor'),
    ('V19', 'FIRST_CALL_NOT_QUALIFIED', 'minor')) as c (code, title, severity) on c.code = v.code
where v.status in ('open', 'disputed', 'confirmed');

comment on view open_violations is 'Violations that stand: open, disputed or confirmed. What is for review is nobody''s fault before it is confirmed (rules.md 4).';
comment on column open_violations.violation is 'Id: GET /api/v1/violations/{id} tells its evidence and moves';
comment on column open_violations.manager is 'Handle';
comment on column open_violations.name is 'Name';
comment on column open_violations.team is 'Team that day, a dash where there was none';
comment on column open_violations.code is 'V01 to V19';
comment on column open_violations.title is 'Its name in the catalogue';
comment on column open_violations.severity is 'major, minor, review';
comment on column open_violations.status is 'open, disputed, confirmed';
comment on column open_violations.day is 'Shift day';
comment on column open_violations.due_at is 'The deadline that passed';
comment on column open_violations.opened_at is 'When it was opened';
comment on column open_violations.subject_kind is 'call, lead, day, planned, meeting';
comment on column open_violations.subject_id is 'Its id, of a day handle and date';
comment on column open_violations.lead is 'Id of the lead it is about';
comment on column open_violations.lead_name is 'Its name, digits of a phone masked';

create view sources_heard as
select s.name as source, s.dialect,
  (select max(d.received_at) from deliveries d
   where d.source_id = s.id and d.received_on >= (now() at time zone 'UTC')::date - 31) as last_delivery,
  (select max(c.started_at) from calls c
   where c.source_id = s.id and c.started_on >= (now() at time zone 'UTC')::date - 31) as last_call
from sources s where s.retired_at is null;

comment on view sources_heard is 'Live sources and when each was last heard, within the last 31 days.';
comment on column sources_heard.source is 'Name';
comment on column sources_heard.dialect is 'A vendor''s format';
comment on column sources_heard.last_delivery is 'When its last request came';
comment on column sources_heard.last_call is 'When its last call began';

create view deliveries_by_hour as
select d.received_on as utc_day, date_trunc('hour', d.received_at at time zone 'UTC') at time zone 'UTC' as hour,
  s.name as source, d.outcome,
  regexp_replace(d.why, '[0-9]+', '#', 'g') as why, count(*)::int as deliveries, max(d.id) as latest
from deliveries d join sources s on s.id = d.source_id
group by 1, 2, 3, 4, 5;

comment on view deliveries_by_hour is 'What arrived, by hour of receipt, source and outcome. The same bytes again are not counted.';
comment on column deliveries_by_hour.utc_day is 'Its day by UTC, by which rows are found fast';
comment on column deliveries_by_hour.hour is 'Beginning of the hour';
comment on column deliveries_by_hour.source is 'Name of the source';
comment on column deliveries_by_hour.outcome is 'waiting, understood, not_a_call, malformed, failed';
comment on column deliveries_by_hour.why is 'What is wrong with them, digits veiled';
comment on column deliveries_by_hour.deliveries is 'How many';
comment on column deliveries_by_hour.latest is 'Id of the last: deliveries show ID';

create view lead_cards as
select l.id as lead, regexp_replace(l.name, '\+?\d[\d ().-]{5,}\d', '***', 'g') as name, u.manager, u.name as manager_name,
  coalesce(u.team, '—') as team, l.segment, l.stage, l.entered_at, p.due_at as next_at, p.basis,
  l.stage <> 'lost' as is_open,
  coalesce(l.stage <> 'lost' and p.due_at < coalesce(u.today_begins, date_trunc('day', now())), false) as is_overdue,
  case when l.stage <> 'lost' then greatest(
    (select max(c.started_at) from calls c where c.lead_id = l.id and c.twin_of is null
       and (c.direction = 'outbound' or c.disposition = 'answered')),
    (select max(n.at) from comments n where n.lead_id = l.id and n.author_kind = 'person'),
    (select max(t.started_at) from meetings t where t.lead_id = l.id and t.author_kind = 'person')) end as touched_at
from leads l left join people u on u.manager_id = l.manager_id
left join planned_contacts p on p.lead_id = l.id and p.closed_at is null and p.author_kind = 'person';

comment on view lead_cards is 'Leads with their owner, next date and last touch. A card is touched by a dial, a talk, a person''s comment or a meeting (R33).';
comment on column lead_cards.lead is 'Id: GET /api/v1/leads/{id}';
comment on column lead_cards.name is 'Name, digits of a phone masked';
comment on column lead_cards.manager is 'Handle of the owner, null if nobody''s';
comment on column lead_cards.manager_name is 'His name';
comment on column lead_cards.team is 'His team today, a dash where there is none';
comment on column lead_cards.segment is 'Client segment';
comment on column lead_cards.stage is 'new, potential, client, lost';
comment on column lead_cards.entered_at is 'When it was entered';
comment on column lead_cards.next_at is 'The open planned contact';
comment on column lead_cards.basis is 'agreed or own';
comment on column lead_cards.is_open is 'Not lost';
comment on column lead_cards.is_overdue is 'Open, and the day of its planned contact is over';
comment on column lead_cards.touched_at is 'Last touch of an open lead';

create view base_health as
select c.manager, c.manager_name as name, c.team, count(*)::int as leads,
  count(*) filter (where c.is_open)::int as open,
  count(*) filter (where c.is_open and c.next_at is not null and not c.is_overdue)::int as with_date,
  count(*) filter (where c.is_overdue)::int as overdue,
  count(*) filter (where c.touched_at >= now() - interval '30 days')::int as touched_30,
  count(*) filter (where c.touched_at >= now() - interval '90 days')::int as touched_90,
  count(*) filter (where c.touched_at < now() - interval '90 days')::int as sleeping,
  count(*) filter (where c.is_open and c.touched_at is null)::int as untouched,
  count(*) filter (where c.stage = 'client')::int as clients
from lead_cards c group by c.manager, c.manager_name, c.team;

comment on view base_health is 'The base by owner, as GET /api/v1/base counts it (R33, R34). A line without a manager is of leads that are nobody''s.';
comment on column base_health.manager is 'Handle of the owner';
comment on column base_health.name is 'His name';
comment on column base_health.team is 'His team today';
comment on column base_health.leads is 'All his leads';
comment on column base_health.open is 'Not lost';
comment on column base_health.with_date is 'Open, with a planned contact not overdue';
comment on column base_health.overdue is 'Open, with one whose day is over';
comment on column base_health.touched_30 is 'Touched within 30 days';
comment on column base_health.touched_90 is 'Touched within 90 days';
comment on column base_health.sleeping is 'Touched longer ago';
comment on column base_health.untouched is 'Open and never touched';
comment on column base_health.clients is 'Stage client';

create view planned_today as
select u.manager, u.name, u.team, p.lead_id as lead, regexp_replace(l.name, '\+?\d[\d ().-]{5,}\d', '***', 'g') as lead_name,
  p.due_at, p.basis, regexp_replace(p.goal, '\+?\d[\d ().-]{5,}\d', '***', 'g') as goal,
  case when t.touched then 'done' when p.due_at < u.today_begins then 'overdue' else 'due' end as state
from people u
join planned_contacts p on p.manager_id = u.manager_id and p.due_at < (u.today + 1)::timestamp at time zone u.timezone
                       and (p.closed_at is null or p.closed_at >= u.today_begins)
join leads l on l.id = p.lead_id
cross join lateral (select exists (
    select from calls c where c.lead_id = p.lead_id and c.started_at >= greatest(u.today_begins, p.set_at)
      and c.started_at < (u.today + 1)::timestamp at time zone u.timezone and (c.direction = 'outbound' or c.disposition = 'answered'))
    or exists (select from meetings n where n.lead_id = p.lead_id and n.author_kind = 'person'
      and n.started_at >= greatest(u.today_begins, p.set_at)
      and n.started_at < (u.today + 1)::timestamp at time zone u.timezone) as touched) t
where p.closed_at is null or t.touched;

comment on view planned_today is 'Planned contacts whose day has come, with what became of them today. Counts agree with the metric planned_contacts.';
comment on column planned_today.manager is 'Handle';
comment on column planned_today.name is 'Name';
comment on column planned_today.team is 'Team';
comment on column planned_today.lead is 'Id of the lead';
comment on column planned_today.lead_name is 'Its name, digits of a phone masked';
comment on column planned_today.due_at is 'When it is due';
comment on column planned_today.basis is 'agreed or own';
comment on column planned_today.goal is 'What for, digits of a phone masked';
comment on column planned_today.state is 'due, overdue, done';

create view notices_told as
select n.id as notice, n.decided_at, n.kind, coalesce(m.handle, n.login) as whom, n.manager_id is not null as is_manager, n.status, n.sent_at,
  (select count(*)::int from notice_tries t where t.notice_id = n.id) as tries,
  (select t.channel from notice_tries t where t.notice_id = n.id order by t.started_at desc, t.id desc limit 1) as channel
from notices n left join managers m on m.id = n.manager_id;

comment on view notices_told is 'Notices, whom they were for and what became of them, neither their text nor an address.';
comment on column notices_told.notice is 'Id';
comment on column notices_told.decided_at is 'When it was decided';
comment on column notices_told.kind is 'digest, morning list, pace and so on';
comment on column notices_told.whom is 'Handle or login';
comment on column notices_told.is_manager is 'For a manager, else for a user';
comment on column notices_told.status is 'waiting, sending, sent, in_page, nothing, folded, expired, undeliverable';
comment on column notices_told.sent_at is 'When it went out';
comment on column notices_told.tries is 'How often it was tried';
comment on column notices_told.channel is 'Scheme of the channel tried last';
