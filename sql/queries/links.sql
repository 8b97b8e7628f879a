-- secret
-- What links are signed with.
select secret from form_secret where id = 1;

-- make_secret
-- The secret, unless another replica was first. $1 secret.
insert into form_secret (id, secret) values (1, $1) on conflict (id) do nothing;
