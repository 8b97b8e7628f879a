-- Gives Grafana's role (telephony-bridge reader makes it, without a password) the one of the environment. Run as often as you like.
\set ON_ERROR_STOP on
\getenv password GRAFANA_READER_PASSWORD
set log_min_error_statement = panic; -- a statement that fails would stand in the log, password and all
alter role telephony_bridge_reader login password :'password';
