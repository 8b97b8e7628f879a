-- all_norms
-- Every version of every norm.
select n.id, n.metric, n.segment, n.team, n.manager_id, m.handle as manager, n.min, n.target, n.from_day, n.author
from norms n left join managers m on m.id = n.manager_id order by n.id;

-- add_norm
-- A new version. $1 metric, $2 segment, $3 team, $4 manager, $5 min, $6 target, $7 from, $8 author, $9 now.
insert into norms (metric, segment, team, manager_id, min, target, from_day, author, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id;

-- all_policies
-- Every version of every setting.
select p.id, p.name, p.value, p.team, p.manager_id, m.handle as manager, p.segment, p.from_day, p.author, p.reason, p.created_at
from policies p left join managers m on m.id = p.manager_id order by p.id;

-- add_policy
-- A new version. $1 name, $2 value, $3 team, $4 manager, $5 segment, $6 from, $7 author, $8 reason, $9 now.
insert into policies (name, value, team, manager_id, segment, from_day, author, reason, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id;
