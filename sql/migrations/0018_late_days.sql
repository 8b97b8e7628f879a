-- The first day that was told of after later days had been closed: the next pass closes it too (CONTRACT 8).

alter table pen add column late_since date;

-- And the last call that a closed day knew: what is owed for a later one says that its evidence came late (EC-38).
alter table closed_days add column calls_until bigint not null default 9223372036854775807;
