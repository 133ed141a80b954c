create table if not exists private.email_lanes (
    priority text primary key,
    paused_until timestamptz,
    paused_reason text,
    constraint email_lanes_priority_known check (priority in ('urgent', 'bulk')),
    constraint email_lanes_pause_has_a_reason check (num_nulls(paused_until, paused_reason) <> 1)
);
comment on table private.email_lanes is
'The lanes of mail. A paused lane is neither handed out nor claimed; locking its row is how claims
take turns.';

alter table private.email_lanes enable row level security;

revoke all on private.email_lanes from public, anon, authenticated, service_role;
grant select, update on private.email_lanes to service_role;

insert into private.email_lanes (priority) values ('urgent'), ('bulk')
on conflict (priority) do nothing;
