-- Calls behind a number whenever they were, leads of an owner, when a lead was asked what it buys, and when a call got its comment.

create index calls_by_number on calls (number, started_at) where number is not null;

create index leads_by_manager on leads (manager_id) where stage <> 'lost';

alter table leads add column buys_analog_at timestamptz;

update leads set buys_analog_at = entered_at where buys_analog <> 'unknown';

alter table calls add column commented_at timestamptz;
