create function private.partner_in(p_match_id uuid, p_user_id uuid)
returns uuid
language sql
stable
set search_path = ''
as $$
    select case p_user_id when pair.user1_id then pair.user2_id else pair.user1_id end
    from public.wingman_matches as pair
    where pair.id = p_match_id;
$$;

create function private.unread_notifications(p_user_id uuid)
returns bigint
language sql
stable
set search_path = ''
as $$
    select coalesce(sum(unread.of_match), 0)::bigint
    from (
        select
            waiting.match_id,
            count(*) as of_match
        from public.notifications as waiting
        where waiting.user_id = p_user_id
            and waiting.read_at is null
            and waiting.seq is not null
            and not waiting.superseded
        group by waiting.match_id
    ) as unread
    where unread.match_id is null
        or private.exists_for(p_user_id, private.partner_in(unread.match_id, p_user_id));
$$;
comment on function private.unread_notifications is
'How many notifications of the list are unread: the number on the app''s icon.';

create function public.list_notifications(p_limit integer default 20, p_before bigint default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return jsonb_build_object(
        'unread', private.unread_notifications(v_caller),
        'timezone', (
            select reader.timezone
            from private.email_recipients as reader
            where reader.user_id = v_caller
        ),
        'notifications', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', shown.id,
                        'seq', shown.seq,
                        'kind', shown.kind,
                        'match_id', shown.match_id,
                        'session_id', shown.facts ->> 'session_id',
                        'facts', shown.facts,
                        'created_at', private.iso_utc(shown.listed_at),
                        'read_at', private.iso_utc(shown.read_at)
                    )
                    order by shown.seq desc
                ),
                '[]'::jsonb
            )
            from (
                select listed.*
                from public.notifications as listed
                where listed.user_id = v_caller
                    and listed.seq < coalesce(p_before, 9223372036854775807)
                    and not listed.superseded
                    and (
                        listed.match_id is null
                        or private.exists_for(
                            v_caller, private.partner_in(listed.match_id, v_caller)
                        )
                    )
                order by listed.seq desc
                limit least(greatest(p_limit, 1), 101)
            ) as shown
        )
    );
end;
$$;
comment on function public.list_notifications is
'The caller''s notifications, the newest first, without those about users who no longer exist for
the caller. Security definer because users have no grant on notifications.';
grant execute on function public.list_notifications to authenticated;

create function public.read_notifications(p_until uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_seq bigint;
begin
    select named.seq into v_seq
    from public.notifications as named
    where named.id = p_until and named.user_id = v_caller and named.seq is not null;
    if not found then
        raise exception 'notification_not_found' using errcode = 'WN020';
    end if;
    -- The lock of the list comes first, as where notifications are numbered and superseded.
    perform from private.feeds as feed where feed.user_id = v_caller for update;
    update public.notifications as listed
    set read_at = clock_timestamp()
    where listed.user_id = v_caller and listed.seq <= v_seq and listed.read_at is null;
end;
$$;
comment on function public.read_notifications is
'Marks a notification of the caller, and all before it, as read.
Security definer because users have no grant on notifications.';
grant execute on function public.read_notifications to authenticated;

create function public.prune_notifications(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from public.notifications as notification
    where notification.id in (
        select old.id
        from public.notifications as old
        where old.recorded_at < now() - make_interval(days => (
            select settings.notification_days from private.app_settings as settings
        ))
            and old.seq is not null
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    delete from private.held_notifications as held
    where held.dedupe_key in (
        select old.dedupe_key
        from private.held_notifications as old
        where old.held_at < now() - interval '30 days'
        order by old.held_at
        limit p_limit
        for update skip locked
    );
    return v_pruned;
end;
$$;
comment on function public.prune_notifications is
'Deletes up to p_limit notifications older than app_settings.notification_days, and as many that a
restore has held.
Security definer because service_role has no grant to delete them.';
grant execute on function public.prune_notifications to service_role;

create function private.export_notifications(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', listed.id,
                'kind', listed.kind,
                'match_id', listed.match_id,
                'session_id', listed.facts ->> 'session_id',
                'created_at', private.iso_utc(listed.listed_at),
                'read_at', private.iso_utc(listed.read_at)
            )
            order by listed.seq
        ),
        '[]'::jsonb
    )
    from public.notifications as listed
    where listed.user_id = p_user_id and listed.seq is not null;
$$;
comment on function private.export_notifications is
'The list in the export of an account, without the facts: they are the partners'' names and words.';
