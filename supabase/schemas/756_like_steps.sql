create function private.refuse_like(p_viewer_id uuid, p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_refusal constant text := private.like_refusal(p_viewer_id, p_user_id);
begin
    case v_refusal
        when 'not_found' then
            raise exception 'not_found' using errcode = 'WL001';
        when 'cannot_like_yourself' then
            raise exception 'cannot_like_yourself' using errcode = 'WL002';
        when 'profile_incomplete' then
            raise exception 'profile_incomplete' using errcode = 'WL003';
        when 'match_ended' then
            raise exception 'match_ended' using errcode = 'WL004';
        else null;
    end case;
end;
$$;

create function private.hold_profiles(p_user_id uuid, p_other_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform from public.user_profiles as own where own.id = p_user_id for key share;
    if not found then
        raise exception 'unauthenticated' using errcode = 'WA001';
    end if;
    perform from public.user_profiles as other where other.id = p_other_id for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WL001';
    end if;
end;
$$;
comment on function private.hold_profiles is
'Keeps the accounts of both until the step is stored. One may have been deleted while it waited.';

create function private.match_by_likes(p_first_id uuid, p_second_id uuid)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    perform private.expire_match_of(p_first_id, p_second_id);
    update public.wingman_matches as invited
    set status = 'accepted', responded_at = now()
    where least(invited.user1_id, invited.user2_id) = least(p_first_id, p_second_id)
        and greatest(invited.user1_id, invited.user2_id) = greatest(p_first_id, p_second_id)
        and invited.status = 'pending'
    returning invited.* into v_match;
    if v_match.id is not null then
        perform private.cancel_match_emails(v_match.id);
        return v_match;
    end if;
    insert into public.wingman_matches as liked (
        user1_id, user2_id, initiator_id, origin, status, responded_at, expires_at
    )
    values (p_first_id, p_second_id, p_first_id, 'mutual_like', 'accepted', now(), null)
    returning liked.* into v_match;
    return v_match;
end;
$$;
comment on function private.match_by_likes is
'The match of two users who like each other, of whom p_first_id liked first. An open invitation
between them is accepted by it.';

create function public.put_like(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
    v_liked_at timestamptz;
    v_due jsonb := '[]'::jsonb;
    v_views jsonb := '{}'::jsonb;
begin
    -- Crossing likes take turns here, so the second one sees the first.
    perform private.lock_pair(v_caller, p_user_id);
    v_match := private.lock_open_match(v_caller, p_user_id);
    perform private.refuse_like(v_caller, p_user_id);
    perform private.hold_profiles(v_caller, p_user_id);
    delete from public.passes as mine
    where mine.user_id = v_caller and mine.passed_id = p_user_id;
    insert into public.likes (user_id, liked_id) values (v_caller, p_user_id)
    on conflict (user_id, liked_id) do nothing;
    select mine.liked_at into v_liked_at
    from public.likes as mine
    where mine.user_id = v_caller and mine.liked_id = p_user_id;

    if v_match.status is distinct from 'accepted' then
        v_match := null;
        perform from public.likes as theirs
        where theirs.user_id = p_user_id and theirs.liked_id = v_caller;
        -- A caller who was hidden after the other's like does not exist for the other.
        if found and private.may_see(p_user_id, v_caller) then
            v_match := private.match_by_likes(p_user_id, v_caller);
            v_due := private.notify_of_new_match(v_match);
            v_views := private.match_views(v_match);
        end if;
    end if;
    return jsonb_build_object(
        'user_id', p_user_id,
        'liked_at', private.iso_utc(v_liked_at),
        'match', case when v_match.id is not null then private.match_json(v_match) end,
        'due', v_due,
        'views', v_views
    );
end;
$$;
comment on function public.put_like is
'Likes a user; the second like of a pair makes their match, of which both are notified.
Security definer because users write no table.';
grant execute on function public.put_like to authenticated;

create function private.take_back_like(p_user_id uuid, p_other_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_match constant public.wingman_matches := private.lock_open_match(p_user_id, p_other_id);
    v_ended jsonb;
    v_due jsonb := '[]'::jsonb;
begin
    if v_match.status = 'accepted' and v_match.origin = 'mutual_like' then
        v_ended := private.ended_json(v_match);
        v_due := private.end_match(v_match, p_user_id, 'unlike');
    end if;
    delete from public.likes as mine
    where mine.user_id = p_user_id and mine.liked_id = p_other_id;
    return jsonb_build_object(
        'due', v_due,
        'changed_users', private.users_counted_now(v_match.id),
        'ended_match', v_ended
    );
end;
$$;
comment on function private.take_back_like is
'Removes a like, and ends the match that came of it. The calling function has locked the pair.';

create function public.delete_like(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.lock_pair(v_caller, p_user_id);
    return private.take_back_like(v_caller, p_user_id);
end;
$$;
comment on function public.delete_like is
'Takes back a like, also of a user who no longer exists for the caller, and ends the match that came
of it. Security definer because users write no table.';
grant execute on function public.delete_like to authenticated;

create function public.put_pass(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_ended jsonb;
    v_pass public.passes;
begin
    if p_user_id = v_caller then
        raise exception 'cannot_pass_yourself' using errcode = 'WL005';
    end if;
    perform private.lock_pair(v_caller, p_user_id);
    if not private.may_see(v_caller, p_user_id) then
        raise exception 'not_found' using errcode = 'WL001';
    end if;
    v_ended := private.take_back_like(v_caller, p_user_id);
    perform private.hold_profiles(v_caller, p_user_id);
    delete from public.passes as over
    where over.user_id = v_caller and over.passed_id = p_user_id and over.until <= now();
    insert into public.passes (user_id, passed_id) values (v_caller, p_user_id)
    on conflict (user_id, passed_id) do nothing;
    select mine.* into v_pass
    from public.passes as mine
    where mine.user_id = v_caller and mine.passed_id = p_user_id;
    return v_ended || jsonb_build_object(
        'user_id', p_user_id,
        'passed_at', private.iso_utc(v_pass.passed_at),
        'until', private.iso_utc(v_pass.until)
    );
end;
$$;
comment on function public.put_pass is
'Passes on a user for 30 days, and takes back a like of them.
Security definer because users write no table.';
grant execute on function public.put_pass to authenticated;

create function public.delete_pass(p_user_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.lock_pair(v_caller, p_user_id);
    if private.may_see(v_caller, p_user_id) and private.has_ended(v_caller, p_user_id) then
        raise exception 'match_ended' using errcode = 'WL004';
    end if;
    delete from public.passes as mine
    where mine.user_id = v_caller and mine.passed_id = p_user_id;
end;
$$;
comment on function public.delete_pass is
'Undoes a pass, also on a user who no longer exists for the caller. After a match has ended nothing
brings the pair together again. Security definer because users write no table.';
grant execute on function public.delete_pass to authenticated;

create function public.prune_passes(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from public.passes as stored
    where (stored.user_id, stored.passed_id) in (
        select
            over.user_id,
            over.passed_id
        from public.passes as over
        where over.until <= now()
        order by over.until
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_passes is
'Deletes up to p_limit passes whose time is over, and returns their number.
Security definer because service_role has no grant on passes.';
grant execute on function public.prune_passes to service_role;
