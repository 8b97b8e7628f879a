-- The first day that was told of after later days had been closed: the next pass closes it too (CONTRACT 8).

alter table pen add column late_since date;
