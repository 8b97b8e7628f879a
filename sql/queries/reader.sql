-- views
-- The views of the company whose schema is in use.
select c.relname as name from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'v' order by c.relname;

-- role
-- Whether there is such a role, and where we are. $1 its name.
select exists (select from pg_roles where rolname = $1) as is_there, current_database() as database, current_schema() as schema;
