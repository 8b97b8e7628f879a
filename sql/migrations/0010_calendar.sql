-- Days on which the company's calendar differs from its country's (EC-54).

create table calendar_days (
  day date primary key,
  kind text not null check (kind in ('off', 'work', 'short', 'usual')),
  note text,
  author text not null,
  set_at timestamptz not null
);
