-- The devices that get a user's pushes: docs/decisions/041-push.md.

create table private.devices (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    device_id uuid not null,
    platform text not null,
    token text not null,
    session_id uuid not null,
    registered_at timestamptz not null default now(),
    primary key (user_id, device_id),
    constraint devices_platform_known check (platform in ('ios', 'android', 'web')),
    constraint devices_token_printable check (token collate "C" ~ '^[!-~]+$'),
    constraint devices_token_length check (octet_length(token) <= 1024)
);
comment on table private.devices is
'Where the pushes of a user go. A device ends with the session that registered it.';
comment on column private.devices.token is
'The address of the app on one device, which lets whoever knows it be sent to: never shown again. It
belongs to the user who registered it last.';

create unique index devices_token on private.devices (token);
create index devices_of_session on private.devices (session_id);

alter table private.devices enable row level security;

create function private.device_json(p_device private.devices, p_session_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_device.device_id,
        'platform', p_device.platform,
        'current', coalesce(p_device.session_id = p_session_id, false),
        'registered_at', private.iso_utc(p_device.registered_at)
    );
$$;
comment on function private.device_json is
'A device as its user sees it: without the token.';

create function private.session_in_token()
returns uuid
language sql
stable
set search_path = ''
as $$
    select (auth.jwt() ->> 'session_id')::uuid;
$$;

create function private.hold_session(p_session_id uuid, p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform
    from auth.sessions as session
    where session.id = p_session_id and session.user_id = p_user_id
    for share;
    -- A session whose refresh tokens were all revoked has ended, although its row stays.
    if not found or (
        exists (
            select from auth.refresh_tokens as token where token.session_id = p_session_id
        )
        and not exists (
            select
            from auth.refresh_tokens as token
            where token.session_id = p_session_id and token.revoked is not true
        )
    ) then
        raise exception 'session_ended' using errcode = 'WN022';
    end if;
end;
$$;
comment on function private.hold_session is
'Refuses a session that has ended, and keeps one that has not from ending before the caller
commits.';

create function public.put_device(p_device_id uuid, p_platform text, p_token text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session_id constant uuid := private.session_in_token();
    v_device private.devices;
begin
    perform private.check_length(char_length(p_platform), 20);
    perform private.check_length(char_length(p_token), 1024);
    perform private.take_turn_as(v_caller);
    perform private.hold_session(v_session_id, v_caller);
    -- Registrations of one token take turns; then rows are locked in one order.
    perform pg_advisory_xact_lock(hashtextextended('device:' || p_token, 0));
    perform
    from private.devices as device
    where device.token = p_token
        or (device.user_id = v_caller and device.device_id = p_device_id)
    order by device.user_id, device.device_id
    for update;

    delete from private.devices as device
    where device.token = p_token
        and (device.user_id, device.device_id) <> (v_caller, p_device_id);
    insert into private.devices (user_id, device_id, platform, token, session_id)
    values (v_caller, p_device_id, p_platform, p_token, v_session_id)
    on conflict (user_id, device_id) do update
        set
            platform = excluded.platform,
            token = excluded.token,
            session_id = excluded.session_id,
            registered_at = excluded.registered_at
    returning * into v_device;
    delete from private.devices as device
    where device.user_id = v_caller and device.device_id in (
        select old.device_id
        from private.devices as old
        where old.user_id = v_caller and old.device_id <> p_device_id
        order by old.registered_at desc, old.device_id
        offset 19
    );
    return private.device_json(v_device, v_session_id);
end;
$$;
comment on function public.put_device is
'Registers a device of the caller, for as long as the session of the token lasts. Its token moves
here from any other device or user. Of more than 20 devices, the ones registered first go.
Security definer because users have no grant on devices.';
grant execute on function public.put_device to authenticated;

create function public.delete_device(p_device_id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
    delete from private.devices as device
    where device.user_id = private.caller_id() and device.device_id = p_device_id;
$$;
comment on function public.delete_device is
'Forgets a device of the caller. A token that another user has registered since stays theirs.
Security definer because users have no grant on devices.';
grant execute on function public.delete_device to authenticated;

create function public.list_devices()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session_id constant uuid := private.session_in_token();
begin
    return (
        select coalesce(
            jsonb_agg(
                private.device_json(mine.*::private.devices, v_session_id)
                order by mine.registered_at desc, mine.device_id
            ),
            '[]'::jsonb
        )
        from private.devices as mine
        where mine.user_id = v_caller
    );
end;
$$;
comment on function public.list_devices is
'The caller''s devices, the newest first. Security definer because users have no grant on devices.';
grant execute on function public.list_devices to authenticated;

create function private.end_devices()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- Wait for a device that is being registered with this session.
    perform from auth.sessions as session where session.id = new.session_id for update;
    delete from private.devices as device where device.session_id = new.session_id;
    return null;
end;
$$;
comment on function private.end_devices is
'The devices of a session end with it, however it ends: all ways lead to private.ended_sessions.
Security definer because Supabase Auth has no rights here.';

create trigger end_devices
after insert on private.ended_sessions
for each row execute function private.end_devices();

create function private.export_devices(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.device_json(mine.*::private.devices, null) - 'current'
            order by mine.registered_at, mine.device_id
        ),
        '[]'::jsonb
    )
    from private.devices as mine
    where mine.user_id = p_user_id;
$$;
