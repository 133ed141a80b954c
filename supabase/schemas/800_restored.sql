-- After a restore, the database knows nothing of what happened between its backup and the moment at
-- which the original stopped: docs/decisions/050-restoring.md.

create table private.restorations (
    id bigint primary key generated always as identity,
    backup_at timestamptz not null,
    stopped_at timestamptz not null,
    restored_at timestamptz not null default now(),
    settled jsonb not null
);
comment on table private.restorations is
'Each restore of this database: of which moment it was, when the original stopped sending, and how
many rows had to be settled.';

alter table private.restorations enable row level security;

create function private.hold_emails(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    update public.email_logs as email
    set
        delivery_status = 'unknown',
        lease_token = null,
        lease_expires_at = null,
        enqueued_at = null,
        error_message = 'the original may have sent it before the restore'
    where email.delivery_status = 'sending'
        -- The key of an open group is known. But after a refusal the original may have released the
        -- group and sent its emails under other keys.
        or (email.delivery_status = 'pending' and email.due_at <= p_stopped_at)
        -- An operator may have replayed it.
        or private.may_be_replayed(email);
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_emails is
'Settles as unknown what the original may have sent: all that was due before it stopped. An email is
never sent before it is due, so the later ones are safe.';

create function private.hold_pushes(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    update private.pushes as push
    set
        status = 'skipped',
        lease_token = null,
        lease_expires_at = null,
        enqueued_at = null,
        reason = 'restored'
    where push.status = 'sending'
        or (push.status = 'pending' and push.due_at <= p_stopped_at);
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;

create function private.list_without_pushes(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_notification public.notifications;
    v_listed integer := 0;
begin
    for v_notification in
        select waiting.*
        from public.notifications as waiting
        where waiting.seq is null and waiting.due_at <= p_stopped_at
        order by waiting.user_id, waiting.entry
    loop
        if private.is_void(
            v_notification,
            (
                select known.*::private.notification_kinds
                from private.notification_kinds as known
                where known.kind = v_notification.kind
            )
        ) then
            delete from public.notifications as void where void.id = v_notification.id;
        else
            perform private.number_notification(v_notification);
            v_listed := v_listed + 1;
        end if;
    end loop;
    return v_listed;
end;
$$;
comment on function private.list_without_pushes is
'Lists what came due before the original stopped, which has pushed it.';

create function private.hold_feedback_requests(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    insert into private.held_notifications (dedupe_key, user_id)
    select
        concat_ws(':', 'session_feedback', person.user_id, meeting.id, meeting.sequence),
        person.user_id
    from public.wingman_sessions as meeting
    cross join lateral (
        values (meeting.user1_id), (meeting.user2_id)
    ) as person (user_id)
    where meeting.status = 'scheduled' and meeting.scheduled_time <= p_stopped_at
    on conflict (dedupe_key) do nothing;
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_feedback_requests is
'A session that had begun may have been completed there, by its users or by the hour.';

create function private.hold_digests(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    insert into private.held_notifications (dedupe_key, user_id)
    select distinct
        concat_ws(
            ':',
            'weekly_digest',
            wish.user_id,
            to_char(
                date_trunc('week', (p_stopped_at at time zone 'UTC') + ahead.of_utc)
                - interval '7 days',
                'IYYY"-W"IW'
            )
        ),
        wish.user_id
    from public.email_preferences as wish
    cross join (
        values (interval '14 hours'), (interval '-12 hours')
    ) as ahead (of_utc)
    where wish.choices @> '{"marketing_emails": true}'
    on conflict (dedupe_key) do nothing;
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_digests is
'Settles the digest of the last week that had ended anywhere when the original stopped.';

create function private.hold_message_emails(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    update private.conversation_members as mine
    set email_at = null
    where mine.email_at <= p_stopped_at;
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_message_emails is
'The next message of the conversation plans an email again.';

create function private.end_restored_sessions()
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_ended integer;
begin
    delete from auth.sessions as session
    where session.id is not null;
    get diagnostics v_ended = row_count;
    return v_ended;
end;
$$;
comment on function private.end_restored_sessions is
'A session that ended after the backup would be open again, and a refresh token that was replaced
would be valid again. Devices end with their sessions.';

create function private.repeat_departures(p_departed uuid[])
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_departed integer;
begin
    delete from auth.users as account
    where account.id = any(p_departed);
    get diagnostics v_departed = row_count;
    return v_departed;
end;
$$;
comment on function private.repeat_departures is
'Deletes the accounts again that their users have deleted since the backup.';

create function public.settle_restored(
    p_backup_at timestamptz, p_stopped_at timestamptz, p_departed uuid[] default '{}'
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set statement_timeout = 0
as $$
declare
    v_stopped_at constant timestamptz := least(p_stopped_at, now());
    v_settled jsonb := jsonb_build_object(
        'accounts_deleted_again', private.repeat_departures(p_departed)
    );
begin
    -- Claims take turns on these rows: none begins before this is done.
    perform from private.email_lanes as lane order by lane.priority for update;
    -- The workers that hold these leases belong to the original.
    delete from private.email_leases as lease where lease.token is not null;
    if v_stopped_at > p_backup_at then
        v_settled := v_settled || jsonb_build_object(
            'notifications_listed', private.list_without_pushes(v_stopped_at),
            'emails_held', private.hold_emails(v_stopped_at),
            'pushes_held', private.hold_pushes(v_stopped_at),
            'feedback_requests_held', private.hold_feedback_requests(v_stopped_at),
            'digests_held', private.hold_digests(v_stopped_at),
            'message_emails_held', private.hold_message_emails(v_stopped_at),
            'sessions_ended', private.end_restored_sessions()
        );
    end if;
    -- The partners of accounts that are deleted again have heard of it from the original.
    update public.email_logs as email
    set delivery_status = 'skipped', error_message = 'restored'
    where email.created_at = now() and email.claimable_at is not null;
    delete from private.pushes as push
    using public.notifications as recorded
    where push.notification_id = recorded.id and recorded.recorded_at = now();
    -- Transaction ids of another server mean nothing here.
    update public.notifications as waiting
    set recorded_in = '0'
    where waiting.seq is null;
    -- The original's queue messages are lost, or name rows that are not here.
    update public.email_logs as email
    set enqueued_at = null
    where email.enqueued_at is not null and email.claimable_at is not null;
    update private.pushes as push
    set enqueued_at = null
    where push.enqueued_at is not null and push.claimable_at is not null;
    insert into private.restorations (backup_at, stopped_at, settled)
    values (p_backup_at, v_stopped_at, v_settled);
    return v_settled;
end;
$$;
comment on function public.settle_restored is
'Makes a database of an earlier moment go on without sending anything twice: p_backup_at is that
moment, p_stopped_at the one at which the original stopped to send. If it had stopped before, nothing
is held. p_departed: users who have deleted their accounts since.
Security definer because service_role has no grant on most of it.';
grant execute on function public.settle_restored to service_role;
