-- one_comment
-- A comment as it stands, held for a change. $1 lead, $2 id.
select id, author_id, author_kind, text, outcome, goal, at from comments where lead_id = $1 and id = $2 for update;

-- keep_version
-- What a comment said until now. $1 comment, $2 text, $3 outcome, $4 goal, $5 until, $6 who changed it.
insert into comment_versions (comment_id, text, outcome, goal, until, changed_by) values ($1, $2, $3, $4, $5, $6);

-- change_comment
-- A comment as it is from now on; who wrote it and when stays. $1 id, $2 text, $3 outcome, $4 goal, $5 now.
update comments set text = $2, outcome = $3, goal = $4, edited_at = $5 where id = $1;

-- versions
-- What comments said before, oldest first. $1 comments.
select comment_id, text, outcome, goal, until, changed_by from comment_versions where comment_id = any($1::bigint[])
order by comment_id, until, id;

-- hold_meeting
-- A meeting that was held. $1 lead, $2 manager, $3 kind of author, $4 author's name, $5 began, $6 ended, $7 goal, $8 now.
insert into meetings (lead_id, manager_id, author_kind, author_name, started_at, ended_at, goal, written_at)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning id;

-- meeting_at
-- A meeting of the same author on this lead that lasted then. $1 lead, $2 author's name, $3 began, $4 ended.
select id, manager_id, started_at, ended_at from meetings
where lead_id = $1 and author_name = $2 and started_at < $4 and ended_at > $3 order by started_at limit 1;

-- ask
-- An exemption that is asked for. $1 lead, $2 kind, $3 reason, $4 who, $5 when.
insert into exemptions (lead_id, kind, reason, status, asked_by, asked_at) values ($1, $2, $3, 'asked', $4, $5) returning id;

-- standing
-- The exemption of a lead and kind that is asked or approved. $1 lead, $2 kind.
select id from exemptions where lead_id = $1 and kind = $2 and status in ('asked', 'approved');

-- approve
-- An exemption is approved. $1 id, $2 who, $3 when, $4 why or null.
update exemptions set status = 'approved', approved_by = $2, approved_at = $3, answer = $4 where id = $1;

-- refuse
-- An exemption is refused. $1 id, $2 who, $3 when, $4 why.
update exemptions set status = 'refused', refused_by = $2, refused_at = $3, answer = $4 where id = $1;

-- withdraw
-- An exemption is taken back. $1 id, $2 who, $3 when, $4 why.
update exemptions set status = 'withdrawn', withdrawn_by = $2, withdrawn_at = $3, answer = $4 where id = $1;

-- exemptions
-- Exemptions, newest first. $1 id, $2 status, $3 lead, $4 a manager who asked or whose the lead is, $5 his handle, $6 ids below,
-- any of them null, $7 how many.
select e.id, e.lead_id, e.kind, e.reason, e.status, e.asked_by, e.asked_at, e.approved_by, e.approved_at, e.refused_by, e.refused_at,
  e.withdrawn_by, e.withdrawn_at, e.answer
from exemptions e join leads l on l.id = e.lead_id
where ($1::bigint is null or e.id = $1) and ($2::text is null or e.status = $2) and ($3::bigint is null or e.lead_id = $3)
  and ($4::bigint is null or l.manager_id = $4 or l.author_id = $4 or e.asked_by = $5::text)
  and ($6::bigint is null or e.id < $6)
order by e.id desc limit $7;

-- opted_out
-- Since when leads do not want to be called, and until when: what was asked for holds at once, what was refused never did. $1 leads.
select lead_id, asked_at, withdrawn_at from exemptions
where lead_id = any($1::bigint[]) and kind = 'opt_out' and status <> 'refused' order by asked_at, id;
