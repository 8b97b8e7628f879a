-- A call whose end the PBX never told is settled by the worker after a time: final, with the reason, until the end comes after all.

alter table calls add column settled text;

create index calls_unfinished on calls (source_id, started_at) where not final;
