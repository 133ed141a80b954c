create function private.coach_challenge(p_challenge_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'difficulty', challenge.difficulty,
        'title', challenge.title,
        'description', challenge.description
    )
    from public.challenges as challenge
    where challenge.id = p_challenge_id;
$$;

create function private.names_known_to(p_user_id uuid, p_partner_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        with asked as (
            select match.user2_id as person_id
            from public.wingman_matches as match
            where match.user1_id = p_user_id and match.status in ('accepted', 'declined', 'ended')
            order by match.created_at desc, match.id desc
            limit 100
        ),

        asked_by as (
            select match.user1_id as person_id
            from public.wingman_matches as match
            where match.user2_id = p_user_id
            order by match.created_at desc, match.id desc
            limit 100
        ),

        names as (
            select unnest(array[other.first_name, shown.display_name]) as name
            from (
                select person_id from asked
                union
                select person_id from asked_by
                union
                select p_partner_id
            ) as person
            inner join public.user_profiles as other on other.id = person.person_id
            left join public.dog_profiles as shown on shown.user_id = other.id
            union
            select unnest(array[own.first_name, own.last_name, shown.display_name])
            from public.user_profiles as own
            left join public.dog_profiles as shown on shown.user_id = own.id
            where own.id = p_user_id
        )

        select coalesce(jsonb_agg(names.name), '[]'::jsonb)
        from names
        where names.name is not null
    );
end;
$$;
comment on function private.names_known_to is
'The user''s own names, and the names that emails have shown them: of the partner, of users who
invited them and of users who answered, the newest hundred of each. The last names of others appear
in no email, so they are not read here.';

create function public.get_coach_context(p_challenge_id uuid, p_session_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session public.wingman_sessions;
    v_challenge_id uuid := p_challenge_id;
begin
    if p_session_id is not null then
        v_session := private.find_session(p_session_id, v_caller);
        v_challenge_id := coalesce(p_challenge_id, case v_caller
            when v_session.user1_id then v_session.user1_challenge_id
            else v_session.user2_challenge_id
        end);
    end if;
    -- A session keeps its challenge when that is no longer offered.
    if p_challenge_id is not null
        and (
            p_challenge_id in (v_session.user1_challenge_id, v_session.user2_challenge_id)
        ) is not true
        and not exists (
            select from public.challenges as offered
            where offered.id = p_challenge_id and offered.active
        ) then
        raise exception 'not_found' using errcode = 'WC001';
    end if;
    return jsonb_build_object(
        'challenge', private.coach_challenge(v_challenge_id),
        'session', case when v_session.id is not null then jsonb_build_object(
            'scheduled_time', private.iso_utc(v_session.scheduled_time),
            'status', private.session_status(v_session)
        ) end,
        'names', private.names_known_to(v_caller, private.partner_of(v_session, v_caller))
    );
end;
$$;
comment on function public.get_coach_context is
'The subject of advice: a challenge on offer or of a session (by default the caller''s own), and
when that session is. It has no place, note or id, because it leaves the system. The names do not
leave it: they are removed from the question.
Security definer because users have no grant on sessions.';
grant execute on function public.get_coach_context to authenticated;
