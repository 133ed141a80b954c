-- Two short indexes instead of one: new mail and repeated requests are claimed by different rules.
create index if not exists email_logs_due
on public.email_logs (priority, claimable_at, id)
where claimable_at is not null and send_group is null;
create index if not exists email_logs_due_groups
on public.email_logs (priority, claimable_at)
where claimable_at is not null and send_group is not null;
drop index if exists public.email_logs_claimable;

-- Settled mails leave dead entries at the head of a lane; clear them long before a fifth of a large
-- table has changed.
alter table public.email_logs set (
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 5000
);
