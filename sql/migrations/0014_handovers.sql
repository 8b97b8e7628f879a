-- Hand-overs (R23 to R25): who passed his cards on, whose each card became and whether it was read, and who had a planned contact before.

create table handovers (
  id bigint generated always as identity primary key,
  from_id bigint not null references managers (id),
  to_ids bigint[] not null,
  at timestamptz not null,
  author text not null,
  report jsonb not null
);

create index handovers_by_leaver on handovers (from_id, at);

create table handover_cards (
  handover_id bigint not null references handovers (id),
  lead_id bigint not null references leads (id),
  former_id bigint references managers (id),
  to_id bigint not null references managers (id),
  is_open boolean not null,
  read_at timestamptz,
  read_by text,
  primary key (handover_id, lead_id)
);

create index handover_cards_by_lead on handover_cards (lead_id);
create index handover_cards_by_owner on handover_cards (to_id, handover_id);

create table held_contacts (
  planned_id bigint not null references planned_contacts (id),
  handover_id bigint not null references handovers (id),
  manager_id bigint references managers (id),
  primary key (planned_id, handover_id)
);

create index held_contacts_by_handover on held_contacts (handover_id);
