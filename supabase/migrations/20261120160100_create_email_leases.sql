create table if not exists private.email_leases (
    token uuid primary key,
    mail_ids uuid[] not null,
    expires_at timestamptz not null
);
comment on table private.email_leases is
'What a worker has claimed and not yet bound into a send group. The mails themselves are not touched
before that: a claim writes this one row, and whoever cancels a mail need not wait for the worker.';

alter table private.email_leases enable row level security;

revoke all on private.email_leases from public, anon, authenticated, service_role;
grant select, insert, update, delete on private.email_leases to service_role;

-- A mail is 'sending' from the moment when it is bound into a send group. What an earlier claim
-- holds without a group was surely not sent.
update public.email_logs
set
    delivery_status = 'pending',
    lease_token = null,
    lease_expires_at = null
where delivery_status = 'sending' and send_group is null;
