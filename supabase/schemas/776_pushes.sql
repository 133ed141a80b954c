create table private.pushes (
    notification_id uuid primary key references public.notifications (id) on delete cascade,
    status text not null default 'pending',
    due_at timestamptz not null default now(),
    enqueued_at timestamptz,
    lease_token uuid,
    lease_expires_at timestamptz,
    retry_count integer not null default 0,
    sent_to uuid[] not null default '{}',
    reason text,
    -- When a worker may next take the push; null once it is settled.
    claimable_at timestamptz generated always as (
        case status when 'pending' then due_at when 'sending' then lease_expires_at end
    ) stored,
    constraint pushes_status_known
    check (status in ('pending', 'sending', 'sent', 'skipped', 'failed')),
    constraint pushes_sending_is_leased
    check (status <> 'sending' or num_nulls(lease_token, lease_expires_at) = 0)
) with (autovacuum_vacuum_scale_factor = 0.01);
comment on table private.pushes is
'One row for each notification that goes to the devices of its user, and what became of it.';
comment on column private.pushes.sent_to is
'The devices that have it already: a retry leaves them out.';

create index pushes_due on private.pushes (claimable_at) where claimable_at is not null;
create index pushes_of_lease on private.pushes (lease_token) where lease_token is not null;

alter table private.pushes enable row level security;

create table private.push_pause (
    only_row boolean primary key default true,
    paused_until timestamptz,
    reason text,
    constraint push_pause_one_row check (only_row)
);
comment on table private.push_pause is
'Until when no push is claimed, because the provider refuses all of them.';

alter table private.push_pause enable row level security;

insert into private.push_pause (only_row) values (true);

create function private.record_push(p_notification_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
    insert into private.pushes (notification_id)
    select p_notification_id
    where exists (select from private.devices as device where device.user_id = p_user_id);
    if not found then
        return '[]'::jsonb;
    end if;
    return jsonb_build_array(
        jsonb_build_object('channel', 'push', 'id', p_notification_id, 'priority', 'urgent')
    );
end;
$$;
comment on function private.record_push is
'Records a push, if its user has a device, and returns it as what is due now.';

create function private.push_devices(p_user_id uuid, p_without uuid[])
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', device.device_id, 'platform', device.platform, 'token', device.token
            )
            order by device.device_id
        ),
        '[]'::jsonb
    )
    from private.devices as device
    inner join auth.sessions as session on device.session_id = session.id
    where device.user_id = p_user_id and device.device_id <> all(p_without);
$$;

create function private.preview_of(p_notification public.notifications)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object('text', left(coalesce(message.text, shared.name), 140))
            from public.messages as message
            left join public.playgrounds as shared on message.playground_id = shared.id
            where p_notification.kind = 'message'
                and message.match_id = p_notification.match_id
                and message.seq = p_notification.subject_revision
        ),
        '{}'::jsonb
    );
end;
$$;
comment on function private.preview_of is
'The beginning of the message that a push is about. It is read as the push is claimed, so that the
notification keeps no copy.';

create function private.claimed_push(p_push private.pushes)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', listed.id,
        'user_id', listed.user_id,
        'kind', listed.kind,
        'facts', listed.facts || private.preview_of(listed),
        'match_id', listed.match_id,
        'subject_id', listed.subject_id,
        'recorded_at', private.iso_utc(coalesce(listed.listed_at, listed.due_at)),
        'request_id', listed.request_id,
        'retry_count', p_push.retry_count,
        'timezone', reader.timezone,
        'can_wait', known.can_wait,
        'quiet_hours_start', reader.quiet_hours_start,
        'quiet_hours_end', reader.quiet_hours_end,
        'wanted', (chosen.wish ->> known.push_category)::boolean,
        'previews', (chosen.wish ->> 'message_previews')::boolean,
        'holds', not private.is_void(listed, known) and (
            listed.match_id is null
            or private.exists_for(
                listed.user_id, private.partner_in(listed.match_id, listed.user_id)
            )
        ),
        'seen', listed.read_at is not null
        or listed.superseded
        or private.is_received_message(listed),
        'badge', private.unread_notifications(listed.user_id),
        'devices', private.push_devices(listed.user_id, p_push.sent_to),
        'has_been_sent', p_push.sent_to <> '{}'
    )
    from public.notifications as listed
    inner join private.notification_kinds as known on listed.kind = known.kind
    inner join private.email_recipients as reader on listed.user_id = reader.user_id
    cross join lateral (
        select to_jsonb(private.push_preferences_of(listed.user_id)) as wish
    ) as chosen
    where listed.id = p_push.notification_id;
$$;
comment on function private.claimed_push is
'A push with everything that the sender needs to decide and write, as it is now.';

create function public.claim_pushes(p_limit integer, p_lease_seconds integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_token constant uuid := gen_random_uuid();
begin
    perform from private.push_pause as pause where pause.paused_until > now();
    if found then
        return jsonb_build_object('lease_token', v_token, 'pushes', '[]'::jsonb);
    end if;
    -- A queue message may be about a notification that was recorded for a later time.
    perform public.list_due_notifications(p_limit);
    update private.pushes as push
    set
        status = 'sending',
        lease_token = v_token,
        lease_expires_at = now() + make_interval(secs => p_lease_seconds),
        enqueued_at = null
    where push.notification_id in (
        select due.notification_id
        from private.pushes as due
        where due.claimable_at <= now()
        order by due.claimable_at
        limit p_limit
        for update skip locked
    );
    -- A statement of its own sees what was committed while the rows were locked.
    return jsonb_build_object(
        'lease_token', v_token,
        'pushes', (
            select coalesce(jsonb_agg(private.claimed_push(leased)), '[]'::jsonb)
            from private.pushes as leased
            where leased.lease_token = v_token
        )
    );
end;
$$;
comment on function public.claim_pushes is
'Leases the pushes that have been due longest to one worker.
Security definer because service_role has no grant on pushes.';
grant execute on function public.claim_pushes to service_role;

create function public.complete_pushes(p_lease_token uuid, p_outcome jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_completed integer;
begin
    delete from private.devices as device
    using jsonb_to_recordset(p_outcome -> 'dead') as dead (user_id uuid, device_id uuid, token text)
    where device.user_id = dead.user_id
        and device.device_id = dead.device_id
        and device.token = dead.token;
    update private.pushes as push
    set
        status = case result.outcome when 'retry' then 'pending' else result.outcome end,
        due_at = coalesce(result.retry_at, push.due_at),
        lease_token = null,
        lease_expires_at = null,
        enqueued_at = null,
        retry_count = push.retry_count + coalesce(result.counts, false)::integer,
        sent_to = push.sent_to || coalesce(result.sent_to, '{}'),
        reason = result.reason
    from jsonb_to_recordset(p_outcome -> 'results') as result (
        id uuid, outcome text, reason text, retry_at timestamptz, counts boolean, sent_to uuid[]
    )
    where push.notification_id = result.id and push.lease_token = p_lease_token;
    get diagnostics v_completed = row_count;
    return v_completed;
end;
$$;
comment on function public.complete_pushes is
'Settles leased pushes or puts them back, and forgets dead tokens: exactly this token on this
device, so that one registered since stays. A worker that has lost its lease settles nothing.
Security definer because service_role has no grant on pushes.';
grant execute on function public.complete_pushes to service_role;

create function public.sweep_pushes(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_due jsonb := '[]'::jsonb;
begin
    perform from private.push_pause as pause where pause.paused_until > now();
    if found then
        return v_due;
    end if;
    with
    due as materialized (
        select push.notification_id
        from private.pushes as push
        where push.claimable_at <= now()
            and (push.enqueued_at is null or push.enqueued_at <= now() - interval '2 minutes')
        order by push.claimable_at
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update private.pushes as push
        set enqueued_at = now()
        from due
        where push.notification_id = due.notification_id
        returning push.notification_id
    )

    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'channel', 'push', 'id', handed_out.notification_id, 'priority', 'urgent'
                )
            ),
            '[]'::jsonb
        ) into v_due
    from handed_out;
    return v_due;
end;
$$;
comment on function public.sweep_pushes is
'Due pushes without a queue message: after a lost enqueue, a retry or an expired lease.
Security definer because service_role has no grant on pushes.';
grant execute on function public.sweep_pushes to service_role;

create function public.pause_pushes(p_until timestamptz, p_reason text)
returns void
language sql
security definer
set search_path = ''
as $$
    update private.push_pause
    set paused_until = greatest(p_until, paused_until), reason = left(p_reason, 200);
$$;
comment on function public.pause_pushes is
'Stops pushes from being claimed and swept until then.
Security definer because service_role has no grant on it.';
grant execute on function public.pause_pushes to service_role;
