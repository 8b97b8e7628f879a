-- A role that reads the views of one company and nothing else: Grafana's, or a report's. Said by `telephony-bridge reader`, which fills
-- in what stands in braces; made again each time, so that a view that came with an upgrade can be read too. It has no password:
-- alter role … login password '…'. The schema's comment tells dashboards where the service is.

create role {role} nologin;

grant connect on database {database} to {role};

grant usage on schema {schema} to {role};

revoke all on all tables in schema {schema} from {role};

grant select on {views} to {role};

alter role {role} in database {database} set search_path to {schema};

alter role {role} in database {database} set timezone to {timezone};

alter role {role} in database {database} set default_transaction_read_only to on;

alter role {role} in database {database} set statement_timeout to '15s';

comment on schema {schema} is {address};
