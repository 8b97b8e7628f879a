-- add_token
-- A machine's token. $1 hash, $2 name, $3 role, $4 manager or null, $5 now.
insert into tokens (token_hash, name, role, manager_id, created_at) values ($1, $2, $3, $4, $5);

-- token
-- Whose token this is. $1 hash.
select t.name, t.role, t.manager_id, m.handle as manager from tokens t left join managers m on m.id = t.manager_id where t.token_hash = $1;

-- add_user
-- A person who signs in. $1 login, $2 password hash, $3 role, $4 manager or null, $5 now.
insert into users (login, password_hash, role, manager_id, created_at) values ($1, $2, $3, $4, $5);

-- user
-- Who signs in. $1 login.
select u.login, u.password_hash, u.role, u.manager_id, m.handle as manager from users u left join managers m on m.id = u.manager_id
where u.login = $1;
