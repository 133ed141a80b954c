create table public.email_suppressions (
    address_hash text primary key,
    reason text not null,
    created_at timestamptz not null default now(),
    constraint email_suppressions_sha256 check (address_hash ~ '^[0-9a-f]{64}$')
);
comment on table public.email_suppressions is
'Hashes of addresses that bounced or complained. They outlive the account.';

alter table public.email_suppressions enable row level security;

grant select on public.email_suppressions to service_role;

create table private.lifted_suppressions (
    address_hash text primary key,
    lifted_at timestamptz not null,
    constraint lifted_suppressions_sha256 check (address_hash ~ '^[0-9a-f]{64}$')
);
comment on table private.lifted_suppressions is
'Addresses whose suppression was lifted within 30 days: an older event that comes late does not
suppress them again.';

alter table private.lifted_suppressions enable row level security;

create function private.address_hash(p_address text)
returns text
language sql
immutable
set search_path = ''
as $$
    select encode(sha256(convert_to(lower(btrim(p_address)), 'UTF8')), 'hex');
$$;
grant execute on function private.address_hash to service_role;

create table private.email_lanes (
    priority text primary key,
    paused_until timestamptz,
    paused_reason text,
    constraint email_lanes_priority_known check (priority in ('urgent', 'bulk')),
    constraint email_lanes_pause_has_a_reason check (num_nulls(paused_until, paused_reason) <> 1)
);
comment on table private.email_lanes is
'The lanes of the outbox. Nothing of a paused lane is queued or claimed. A claim locks the row of
its lane, so claims take turns.';

alter table private.email_lanes enable row level security;

grant select, update on private.email_lanes to service_role;

insert into private.email_lanes (priority) values ('urgent'), ('bulk');

create table private.notification_kinds (
    kind text primary key,
    category text references private.email_categories (category),
    lane text not null references private.email_lanes (priority),
    can_wait boolean not null,
    void_in text[] not null default '{}',
    tied_to_revision boolean not null default false,
    by_email boolean not null default true,
    in_feed boolean not null default false,
    push_category text,
    constraint notification_kinds_only_bulk_waits check (lane = 'bulk' or not can_wait),
    constraint notification_kinds_push_category_known
    check (push_category in ('matches', 'messages', 'match_ended', 'sessions')),
    constraint notification_kinds_pushed_is_listed check (in_feed or push_category is null)
);
comment on table private.notification_kinds is
'The kinds of notification. Each domain adds its own. The text of a kind is a class and a template
of the same name in wingman/notifications.';
comment on column private.notification_kinds.category is
'Null for emails about the account itself, which no preference turns off.';
comment on column private.notification_kinds.can_wait is
'Whether it keeps to quiet hours and the daily cap.';
comment on column private.notification_kinds.void_in is
'The statuses of its subject, or else of its match, in which it says nothing true any more.';
comment on column private.notification_kinds.tied_to_revision is
'Whether it is void once its subject has a newer revision.';
comment on column private.notification_kinds.in_feed is
'Whether the app lists it (770_notifications.sql).';
comment on column private.notification_kinds.push_category is
'The column of private.push_preferences that turns its pushes off; null for a kind without pushes.';

alter table private.notification_kinds enable row level security;

grant select on private.notification_kinds to service_role;

create table public.email_logs (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references public.user_profiles (id) on delete cascade,
    match_id uuid,
    subject_id uuid,
    subject_revision integer,
    email_template text not null references private.notification_kinds (kind),
    recipient_email text not null,
    subject text,
    template_data jsonb not null default '{}',
    dedupe_key text not null unique,
    priority text not null,
    delivery_status text not null default 'pending',
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    first_due_at timestamptz,
    enqueued_at timestamptz,
    lease_token uuid,
    lease_expires_at timestamptz,
    send_group uuid,
    group_position integer,
    group_started_at timestamptz,
    retry_count integer not null default 0,
    replay_count integer not null default 0,
    first_failed_at timestamptz,
    given_up_at timestamptz,
    error_message text,
    sent_at timestamptz,
    resend_message_id text,
    opened_at timestamptz,
    account_id uuid,
    request_id text default private.request_id(),
    -- When a worker may next take the email; null once it is settled.
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
    constraint email_logs_has_one_owner check (num_nonnulls(user_id, account_id) = 1),
    constraint email_logs_group_whole
    check (num_nulls(send_group, group_position, group_started_at) in (0, 3))
) with (
    -- The sweep changes no indexed column. With room in its page, the row stays where the indexes
    -- find it.
    fillfactor = 80,
    -- Settled emails leave dead entries at the head of a lane. By default they are cleared once a
    -- fifth of the table has changed, which is late for a large table.
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 5000
);
comment on table public.email_logs is
'Outbox and log of all emails: written with the change that causes it, sent by email_sender.';
comment on column public.email_logs.subject_id is
'What the email is about besides its match, as in private.notification_subjects.';
comment on column public.email_logs.enqueued_at is
'When the sweep last put the email into a queue; null after a claim or a retry.';
comment on column public.email_logs.send_group is
'Idempotency key of the provider request. A repeat sends the whole group again, in the same order.';
comment on column public.email_logs.first_failed_at is
'First counted failure. Retries end 20 h after it, however long the email had waited before.';
comment on column public.email_logs.first_due_at is
'When the email became due, once a retry has moved `due_at`. Null before that, and again after the
sender has decided to send it later.';

comment on column public.email_logs.account_id is
'The account of an email by Supabase Auth, which may ask for it in the transaction that creates the
account: without a foreign key, and without a user until then.';
comment on column public.email_logs.request_id is
'The request or schedule that recorded the email: its logs and traces have the same id.';
comment on column public.email_logs.opened_at is
'When the email was first opened; only where open tracking is on.';

create unique index email_logs_send_group
on public.email_logs (send_group, group_position)
where send_group is not null;
create index email_logs_open_groups
on public.email_logs (group_started_at)
where send_group is not null and claimable_at is not null;
create index email_logs_of_user
on public.email_logs (user_id, created_at desc, id desc);
create index email_logs_of_match
on public.email_logs (match_id)
where match_id is not null;
-- Two short indexes, because new emails and repeated requests are claimed by different rules.
create index email_logs_due
on public.email_logs (priority, claimable_at, id)
where claimable_at is not null and send_group is null;
create index email_logs_due_groups
on public.email_logs (priority, claimable_at)
where claimable_at is not null and send_group is not null;
create index email_logs_dead_letters
on public.email_logs (created_at desc, id desc)
where delivery_status in ('failed', 'unknown');
create index email_logs_sent
on public.email_logs (sent_at)
where sent_at is not null;
create index email_logs_of_subject
on public.email_logs (subject_id)
where subject_id is not null;
create index email_logs_message
on public.email_logs (resend_message_id)
where resend_message_id is not null;
-- Rows are stored in the order of their creation, so a few pages cover them all, and a change of a
-- row touches none.
create index email_logs_age
on public.email_logs using brin (created_at) with (autosummarize = on);
-- The emails that went, or may have gone, to the provider for one user.
create index email_logs_handed_over
on public.email_logs (user_id, group_started_at)
where group_started_at is not null;
create index email_logs_retried
on public.email_logs (priority, first_due_at)
where first_due_at is not null and claimable_at is not null;

create index email_logs_of_account
on public.email_logs (account_id, created_at)
where account_id is not null;
create index email_logs_open_of_accounts
on public.email_logs (created_at)
where account_id is not null and claimable_at is not null;

-- No policy: users never read this table, because it holds addresses.
alter table public.email_logs enable row level security;

grant select, update on public.email_logs to service_role;

create function private.stamp_given_up()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.given_up_at := now();
    return new;
end;
$$;

create trigger stamp_given_up
before update on public.email_logs
for each row
when (
    new.delivery_status in ('failed', 'unknown')
    and old.delivery_status is distinct from new.delivery_status
)
execute function private.stamp_given_up();

create function private.erase_facts()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.template_data := '{}';
    return new;
end;
$$;
comment on function private.erase_facts is
'The facts of an email about an account are its token, or a code.';

create trigger erase_facts
before update on public.email_logs
for each row
when (new.account_id is not null and new.delivery_status not in ('pending', 'sending'))
execute function private.erase_facts();

create table private.email_leases (
    token uuid primary key,
    email_ids uuid[] not null,
    expires_at timestamptz not null
);
comment on table private.email_leases is
'The emails that a worker has claimed and not yet put into a send group. A claim writes this one row
and leaves the emails alone, so a user who cancels one does not wait for the worker.';

alter table private.email_leases enable row level security;

grant select, insert, update, delete on private.email_leases to service_role;
