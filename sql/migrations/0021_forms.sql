-- What stands behind a notice's link: the secret that signs links, one for all replicas; forms that were saved already, so that one sent
-- twice is written once; and what one manager owes, looked up by him.

create table form_secret (
  id int primary key check (id = 1),
  secret bytea not null
);

create table form_posts (
  manager_id bigint not null references managers (id),
  key text not null,
  saved_at timestamptz not null,
  shows text not null,
  primary key (manager_id, key)
);

create index form_posts_by_age on form_posts (manager_id, saved_at);

create index violations_of_manager on violations (manager_id, day) where status <> 'closed';
