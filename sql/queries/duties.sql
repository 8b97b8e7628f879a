-- comments_on
-- What was written on these leads, or on these calls, since a moment. $1 leads, $2 calls, $3 since.
select id, lead_id, call_id, author_kind, author_id, text, outcome, at from comments
where lead_id = any($1::bigint[]) and at >= $3
union
select id, lead_id, call_id, author_kind, author_id, text, outcome, at from comments
where call_id = any($2::bigint[]) and lead_id <> all($1::bigint[]);

-- promises_of
-- Every planned contact of these leads, moved ones too, that was set or due since a moment. $1 leads, $2 since.
select id, lead_id, manager_id, author_id, author_kind, due_at, basis, set_at, closed_at from planned_contacts
where lead_id = any($1::bigint[]) and (set_at >= $2 or due_at >= $2) order by lead_id, set_at, id;

-- promised_by
-- Leads with planned contacts of these managers that are due since a day. $1 managers, $2 first day.
select distinct lead_id from planned_contacts where manager_id = any($1::bigint[]) and due_at >= $2::date;

-- planned_for
-- Every planned contact these leads have had since a moment, and those open then. $1 leads, $2 since.
select id, lead_id, due_at, basis, author_kind, set_at, closed_at, closed_because from planned_contacts
where lead_id = any($1::bigint[]) and (closed_at is null or closed_at >= $2);
