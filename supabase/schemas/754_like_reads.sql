create function private.like_refusals(p_viewer_id uuid, p_user_ids uuid[])
returns table (user_id uuid, refusal text)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_visible constant uuid[] := private.visible_to(p_viewer_id, p_user_ids);
    v_ended constant uuid[] := private.ended_with(p_viewer_id, p_user_ids);
    v_matched constant uuid[] := private.matched_with(p_viewer_id, p_user_ids);
    v_published constant boolean := private.is_published(p_viewer_id);
begin
    return query
    select
        asked.user_id,
        case
            when asked.user_id = p_viewer_id then 'cannot_like_yourself'
            when asked.user_id <> all(v_visible) then 'not_found'
            when asked.user_id = any(v_ended) then 'match_ended'
            when asked.user_id = any(v_matched) then null
            when exists (
                select
                from public.likes as mine
                where mine.user_id = p_viewer_id and mine.liked_id = asked.user_id
                offset 0
            ) then null
            when not v_published then 'profile_incomplete'
        end
    from unnest(p_user_ids) as asked (user_id);
end;
$$;
comment on function private.like_refusals is
'Why put_like would refuse a like of each user now, or null. A repeated like is never incomplete.';

create function private.like_refusal(p_viewer_id uuid, p_user_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select asked.refusal
        from private.like_refusals(p_viewer_id, array[p_user_id]) as asked
    );
end;
$$;

create function private.has_passed(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from public.passes as passed
        where passed.user_id = p_user_id
            and passed.passed_id = p_other_id
            and passed.until > now()
    );
$$;

create function private.face_json(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'user_id', shown.user_id,
            'display_name', shown.display_name,
            'age', shown.age,
            'photo_url', private.photos_json(p_user_id) #>> '{0,thumbnail_url}'
        )
        from public.dog_profiles as shown
        where shown.user_id = p_user_id
    );
end;
$$;
comment on function private.face_json is
'A user in a list of likes or passes. The caller asks may_see first.';

create function private.likes_sent(
    p_user_id uuid, p_limit integer, p_liked_at timestamptz, p_other_id uuid
)
returns table (other_id uuid, liked_at timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        sent.liked_id,
        sent.liked_at
    from public.likes as sent
    where sent.user_id = p_user_id
        and (sent.liked_at, sent.liked_id) < (p_liked_at, p_other_id)
        and private.may_see(p_user_id, sent.liked_id)
    order by sent.liked_at desc, sent.liked_id desc
    limit p_limit;
$$;

create function private.likes_received(
    p_user_id uuid, p_limit integer, p_liked_at timestamptz, p_other_id uuid
)
returns table (other_id uuid, liked_at timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        received.user_id,
        received.liked_at
    from public.likes as received
    where received.liked_id = p_user_id
        and (received.liked_at, received.user_id) < (p_liked_at, p_other_id)
        and not private.has_passed(p_user_id, received.user_id)
        and not private.are_matched(p_user_id, received.user_id)
        and private.may_see(p_user_id, received.user_id)
    order by received.liked_at desc, received.user_id desc
    limit p_limit;
$$;

create function public.list_likes(
    p_direction text,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_limit constant integer := least(greatest(p_limit, 1), 101);
    v_before constant timestamptz := coalesce(p_before_created_at, 'infinity');
    v_before_id constant uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
    perform private.check_length(char_length(p_direction), 20);
    perform private.refuse_flaw('direction', case
        when p_direction is null or p_direction not in ('sent', 'received')
            then 'must be sent or received'
    end);
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user', private.face_json(listed.other_id),
                    'liked_at', private.iso_utc(listed.liked_at)
                )
                order by listed.liked_at desc, listed.other_id desc
            ),
            '[]'::jsonb
        )
        from (
            select page.*
            from private.likes_sent(v_caller, v_limit, v_before, v_before_id) as page
            where p_direction = 'sent'
            union all
            select page.*
            from private.likes_received(v_caller, v_limit, v_before, v_before_id) as page
            where p_direction = 'received'
        ) as listed
    );
end;
$$;
comment on function public.list_likes is
'The likes that the caller gave, or those received from users whom the caller has neither passed nor
matched; before the given one, newest first, at most 101 (as list_matches).
Security definer because users have no grant on likes.';
grant execute on function public.list_likes to authenticated;

create function public.list_passes(
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user', private.face_json(listed.passed_id),
                    'passed_at', private.iso_utc(listed.passed_at),
                    'until', private.iso_utc(listed.until)
                )
                order by listed.passed_at desc, listed.passed_id desc
            ),
            '[]'::jsonb
        )
        from (
            select mine.*
            from public.passes as mine
            where mine.user_id = v_caller
                and mine.until > now()
                and (mine.passed_at, mine.passed_id) < (
                    coalesce(p_before_created_at, 'infinity'),
                    coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                )
                and private.may_see(v_caller, mine.passed_id)
            order by mine.passed_at desc, mine.passed_id desc
            limit least(greatest(p_limit, 1), 101)
        ) as listed
    );
end;
$$;
comment on function public.list_passes is
'The passes of the caller that count, before the given one, newest first, at most 101 (as
list_matches). Security definer because users have no grant on passes.';
grant execute on function public.list_passes to authenticated;
