create function private.match_views(p_match public.wingman_matches)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        p_match.user1_id, private.match_json(p_match, p_match.user1_id),
        p_match.user2_id, private.match_json(p_match, p_match.user2_id)
    );
$$;
comment on function private.match_views is
'A match as each of its users sees it, for those who are connected.';

create function private.ended_json(p_match public.wingman_matches)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select jsonb_build_object(
        'match_id', p_match.id, 'user_ids', array[p_match.user1_id, p_match.user2_id]
    )
    where p_match.status = 'accepted';
$$;
comment on function private.ended_json is
'For those who are connected: an accepted match that a step ends; null for an open invitation.';
