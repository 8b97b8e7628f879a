-- Who gave a lead up, and when; nobody where a supervisor did, which is his approval (R12).

alter table leads add column lost_at timestamptz, add column lost_by bigint references managers (id);
