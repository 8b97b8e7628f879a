-- The same call told by two sources (EC-37): the one that repeats it points at the one that stands, and counts for nothing.

alter table calls add column twin_of bigint references calls (id) on delete set null;

create index calls_twins on calls (twin_of) where twin_of is not null;
