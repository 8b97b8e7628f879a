-- A person may say that an answering machine took a call (EC-32): then it is no connect, whatever its seconds.

alter table calls add column said_machine boolean not null default false;
