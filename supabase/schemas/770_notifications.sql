-- The list of notifications in the app: docs/decisions/041-push.md.

create table private.feeds (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    last_seq bigint not null
);
comment on table private.feeds is
'The number of the newest notification of each user. Its row is the lock of the list.';

alter table private.feeds enable row level security;

create table public.notifications (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    kind text not null references private.notification_kinds (kind),
    match_id uuid references public.wingman_matches (id) on delete cascade,
    subject_id uuid,
    subject_revision integer,
    facts jsonb not null,
    dedupe_key text not null unique,
    due_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    recorded_in xid8 not null default pg_current_xact_id(),
    request_id text default private.request_id(),
    entry bigint generated always as identity,
    seq bigint,
    listed_at timestamptz,
    read_at timestamptz,
    superseded boolean not null default false,
    constraint notifications_listed_whole check ((seq is null) = (listed_at is null))
);
comment on table public.notifications is
'What the app lists for a user. The text is rendered from the facts when it is read.';
comment on column public.notifications.seq is
'Its place in the user''s list, in the order of commits. Null until it is due and committed.';
comment on column public.notifications.superseded is
'A newer one of the same kind says the same of the same subject, and is listed instead.';
comment on column public.notifications.request_id is
'The request or schedule that recorded it, also of its push.';
comment on column public.notifications.recorded_in is
'The transaction that recorded it, which numbers it as it commits.';

create unique index notifications_of_user
on public.notifications (user_id, seq)
where seq is not null;
create index notifications_unread
on public.notifications (user_id, match_id)
where read_at is null and seq is not null and not superseded;
create index notifications_of_match
on public.notifications (match_id)
where match_id is not null;
create index notifications_of_subject
on public.notifications ((coalesce(subject_id, match_id)), kind)
where not superseded;
create index notifications_uncommitted
on public.notifications (recorded_in)
where seq is null;
create index notifications_waiting
on public.notifications (due_at)
where seq is null;
create index notifications_age
on public.notifications using brin (recorded_at) with (autosummarize = on);

-- No policy and no grant: users read their list through functions.
alter table public.notifications enable row level security;

create function private.list_notification(
    p_kind private.notification_kinds,
    p_user_id uuid,
    p_facts jsonb,
    p_dedupe_key text,
    p_match_id uuid,
    p_subject_id uuid,
    p_subject_revision integer,
    p_due_at timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    -- Both users of a match are notified of it, the one who acts too.
    v_is_own_step constant boolean := coalesce(
        auth.uid() = p_user_id and p_kind.push_category is distinct from 'matches', false
    );
    v_id uuid;
begin
    insert into public.notifications (
        user_id, kind, match_id, subject_id, subject_revision, facts, dedupe_key, due_at, read_at
    )
    values (
        p_user_id,
        p_kind.kind,
        p_match_id,
        p_subject_id,
        p_subject_revision,
        jsonb_strip_nulls(p_facts),
        p_dedupe_key,
        p_due_at,
        case when v_is_own_step and p_due_at <= now() then now() end
    )
    on conflict (dedupe_key) do nothing
    returning id into v_id;
    if v_id is null
        or v_is_own_step
        or p_due_at > now()
        or p_kind.push_category is null
        or private.is_held(p_dedupe_key) then
        return '[]'::jsonb;
    end if;
    return private.record_push(v_id, p_user_id);
end;
$$;
comment on function private.list_notification is
'Records a notification for the list, and its push. One about the user''s own step is read already,
and is not pushed.';

create function private.is_read_message(p_notification public.notifications)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_notification.kind = 'message' and private.has_seen(
        p_notification.user_id, p_notification.match_id, p_notification.subject_revision
    );
end;
$$;

create function private.is_received_message(p_notification public.notifications)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_notification.kind = 'message' and private.has_received(
        p_notification.user_id, p_notification.match_id, p_notification.subject_revision
    );
end;
$$;

create function private.number_notification(p_notification public.notifications)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_seq bigint;
begin
    insert into private.feeds as feed (user_id, last_seq) values (p_notification.user_id, 1)
    on conflict (user_id) do update set last_seq = feed.last_seq + 1
    returning feed.last_seq into v_seq;
    update public.notifications as earlier
    set superseded = true
    where earlier.user_id = p_notification.user_id
        and earlier.kind = p_notification.kind
        and coalesce(earlier.subject_id, earlier.match_id)
        = coalesce(p_notification.subject_id, p_notification.match_id)
        and earlier.seq is not null
        and not earlier.superseded;
    -- Taken after the lock, so it never runs backwards against the number.
    update public.notifications as listed
    set
        seq = v_seq,
        listed_at = clock_timestamp(),
        -- A message may have been read while this waited for the lock.
        read_at = coalesce(
            listed.read_at, case when private.is_read_message(listed) then clock_timestamp() end
        )
    where listed.id = p_notification.id;
end;
$$;

create function private.number_notifications()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_notification public.notifications;
begin
    for v_notification in
        select recorded.*
        from public.notifications as recorded
        where recorded.recorded_in = pg_current_xact_id()
            and recorded.seq is null
            and recorded.due_at <= now()
        order by recorded.user_id, recorded.entry
    loop
        perform private.number_notification(v_notification);
    end loop;
    return null;
end;
$$;
comment on function private.number_notifications is
'Numbers what a transaction has recorded, as it commits. A number taken earlier would not be in the
order of commits: a list that was read in between would miss it for ever. Users are locked in one
order, and only until the commit ends, so transactions that notify each other''s users cannot
deadlock. Security definer because the trigger runs as whoever commits.';

create constraint trigger number_notifications
after insert on public.notifications
deferrable initially deferred
for each row
when (new.due_at <= new.recorded_at)
execute function private.number_notifications();

create function private.is_void(
    p_notification public.notifications, p_kind private.notification_kinds
)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return private.is_read_message(p_notification) or exists (
        select
        from private.notification_subjects as subject
        where subject.id = p_notification.subject_id
            and (
                subject.status = any(p_kind.void_in)
                or (
                    p_kind.tied_to_revision
                    and p_notification.subject_revision < subject.revision
                )
            )
    ) or (
        p_notification.subject_id is null
        and exists (
            select
            from public.wingman_matches as pair
            where pair.id = p_notification.match_id
                and private.match_status(pair) = any(p_kind.void_in)
        )
    );
end;
$$;
comment on function private.is_void is
'Whether a notification says nothing true any more.';

create function public.list_due_notifications(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_notification public.notifications;
    v_kind private.notification_kinds;
    v_listed integer := 0;
begin
    for v_notification in
        with
        due as materialized (
            select waiting.*
            from public.notifications as waiting
            where waiting.seq is null and waiting.due_at <= now()
            order by waiting.due_at
            limit p_limit
            for update skip locked
        )

        select * from due order by due.user_id, due.entry
    loop
        select known.* into strict v_kind
        from private.notification_kinds as known
        where known.kind = v_notification.kind;
        if private.is_void(v_notification, v_kind) then
            delete from public.notifications as void where void.id = v_notification.id;
        else
            perform private.number_notification(v_notification);
            if v_kind.push_category is not null
                and not private.is_received_message(v_notification) then
                perform private.record_push(v_notification.id, v_notification.user_id);
            end if;
            v_listed := v_listed + 1;
        end if;
    end loop;
    return v_listed;
end;
$$;
comment on function public.list_due_notifications is
'Lists up to p_limit notifications that were recorded earlier for a time that has come.
Security definer because service_role has no grant on notifications.';
grant execute on function public.list_due_notifications to service_role;
