-- add_token
-- A machine's token. $1 hash, $2 name, $3 role, $4 manager or null, $5 now.
insert into tokens (token_hash, name, role, manager_id, created_at) values ($1, $2, $3, $4, $5);

-- token
-- Whose token this is. $1 hash.
select t.name, t.role, t.manager_id, m.handle as manager from tokens t left join managers m on m.id = t.manager_id where t.token_hash = $1;

-- add_user
-- A person who signs in. $1 login, $2 password hash, $3 role, $4 manager or null, $5 notify, $6 language, $7 is an owner, $8 team, $9 now.
insert into users (login, password_hash, role, manager_id, notify, language, is_owner, team, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- change_user
-- A person as he is from now on. $1 login, $2 role, $3 manager or null, $4 notify, $5 language, $6 is an owner, $7 team.
update users set role = $2, manager_id = $3, notify = $4, language = $5, is_owner = $6, team = $7 where login = $1;

-- users
-- People who sign in, by login. $1 login, null for all of them.
select u.login, u.role, u.manager_id, m.handle as manager, u.notify, u.language, u.is_owner, u.team
from users u left join managers m on m.id = u.manager_id
where $1::text is null or u.login = $1 order by u.login;

-- user
-- Who signs in. $1 login.
select u.login, u.password_hash, u.role, u.manager_id, m.handle as manager from users u left join managers m on m.id = u.manager_id
where u.login = $1;

-- set_feed
-- A manager's calendar feed is found by this token from now on, and by no earlier one. $1 manager, $2 hash, $3 now.
insert into calendar_feeds (manager_id, token_hash, made_at) values ($1, $2, $3)
on conflict (manager_id) do update set token_hash = excluded.token_hash, made_at = excluded.made_at;

-- feed
-- Whose calendar feed this is. $1 hash.
select m.id, m.name, m.language from calendar_feeds f join managers m on m.id = f.manager_id where f.token_hash = $1;
