-- say
-- A person's word about a call. $1 call, $2 about: personal or talk, $3 the word, $4 author, $5 reason, $6 now.
insert into call_marks (call_id, about, word, author, reason, at) values ($1, $2, $3, $4, $5, $6);

-- of_calls
-- What was said of calls that show it, on these days, or of these calls. $1 days, $2 calls.
select c.id, c.twin_of, c.manager_id, c.day, c.personal, c.claim, s.personal as standing_personal, s.claim as standing_claim,
  w.id as word_id, w.about, w.word, w.at
from calls c left join calls s on s.id = c.twin_of left join call_marks w on w.call_id = c.id
where (c.day = any($1::date[]) and (c.personal is not null or c.claim is not null)) or c.id = any($2::bigint[]);

-- show
-- What calls show of people's words. $1 ids, $2 personal, $3 claim, one array each.
update calls c set personal = u.personal, claim = u.claim
from unnest($1::bigint[], $2::text[], $3::text[]) as u (id, personal, claim) where c.id = u.id;

-- repoint
-- Two calls became one: what was said of the absorbed call was said of the other. $1 absorbed ids, $2 surviving ids.
update call_marks w set call_id = u.survivor from unnest($1::bigint[], $2::bigint[]) as u (absorbed, survivor) where w.call_id = u.absorbed;

-- last_word
-- The last word that settled what was said of a call. $1 call, $2 about.
select word from call_marks where call_id = $1 and about = $2 and word <> 'marked' order by at desc, id desc limit 1;

-- personal
-- Calls that were said to be private, the latest first. $1 day, $2 manager, $3 status, $4 ids below, any of them null, $5 how many.
select f.id, f.call_id, m.handle as manager, c.day, c.personal as status, f.author, f.reason, f.at,
  s.author as settled_by, s.reason as settled_reason, s.at as settled_at
from (select distinct on (w.call_id) w.id, w.call_id, w.author, w.reason, w.at from call_marks w
      where w.about = 'personal' order by w.call_id, w.at, w.id) f
join calls c on c.id = f.call_id left join managers m on m.id = c.manager_id
left join lateral (select w.author, w.reason, w.at from call_marks w where w.call_id = f.call_id and w.about = 'personal'
                     and w.word <> 'marked' order by w.at desc, w.id desc limit 1) s on true
where ($1::date is null or c.day = $1) and ($2::bigint is null or c.manager_id = $2) and ($3::text is null or c.personal = $3)
  and ($4::bigint is null or f.id < $4)
order by f.id desc limit $5;
