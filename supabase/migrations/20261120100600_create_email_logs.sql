create table if not exists public.email_logs (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    match_id uuid references public.wingman_matches (id) on delete set null,
    email_template text not null,
    recipient_email text not null,
    subject text,
    template_data jsonb not null default '{}',
    dedupe_key text not null unique,
    priority text not null,
    delivery_status text not null default 'pending',
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    enqueued_at timestamptz,
    lease_token uuid,
    lease_expires_at timestamptz,
    send_group uuid,
    group_position integer,
    group_started_at timestamptz,
    retry_count integer not null default 0,
    first_failed_at timestamptz,
    error_message text,
    sent_at timestamptz,
    resend_message_id text,
    -- When a worker may next take the mail; null once it is settled.
    claimable_at timestamptz generated always as (
        case delivery_status when 'pending' then due_at when 'sending' then lease_expires_at end
    ) stored,
    constraint email_logs_priority_known check (priority in ('urgent', 'bulk')),
    constraint email_logs_status_known check (
        delivery_status in (
            'pending', 'sending', 'sent', 'delivered', 'bounced', 'complained',
            'failed', 'suppressed', 'skipped', 'cancelled', 'unknown'
        )
    ),
    constraint email_logs_sending_is_leased check (
        delivery_status <> 'sending' or num_nulls(lease_token, lease_expires_at) = 0
    ),
    constraint email_logs_group_whole
    check (num_nulls(send_group, group_position, group_started_at) in (0, 3))
);
comment on table public.email_logs is
'Outbox and log of every mail: written with the change that causes it, sent by email_sender.';
comment on column public.email_logs.enqueued_at is
'When the sweep last handed the mail to a queue; null after a claim or a retry.';
comment on column public.email_logs.send_group is
'Idempotency key of the provider request; the group goes out again as a whole, in this order.';
comment on column public.email_logs.first_failed_at is
'First counted failure: retries end 20 h after it, however long the mail had waited before.';

create index if not exists email_logs_claimable
on public.email_logs (priority, claimable_at)
where claimable_at is not null;
create unique index if not exists email_logs_send_group
on public.email_logs (send_group, group_position)
where send_group is not null;
create index if not exists email_logs_open_groups
on public.email_logs (group_started_at)
where send_group is not null and claimable_at is not null;
create index if not exists email_logs_of_user
on public.email_logs (user_id, created_at desc, id desc);
create index if not exists email_logs_of_match
on public.email_logs (match_id)
where match_id is not null;

-- No policy: users never read this table, it holds addresses.
alter table public.email_logs enable row level security;

revoke all on public.email_logs from public, anon, authenticated, service_role;
grant select, update on public.email_logs to service_role;
