create or replace function private.matches_before(
    p_user_id uuid, p_status text, p_limit integer, p_created_at timestamptz, p_id uuid
)
returns setof public.wingman_matches
language sql
stable
set search_path = ''
as $$
    -- One ordered index scan per side: an `or` over both would read every match of the user.
    (
        select sent.*
        from public.wingman_matches as sent
        where sent.user1_id = p_user_id
            and (sent.created_at, sent.id) < (p_created_at, p_id)
            and (p_status is null or private.match_status(sent) = p_status)
        order by sent.created_at desc, sent.id desc
        limit p_limit
    )
    union all
    (
        select received.*
        from public.wingman_matches as received
        where received.user2_id = p_user_id
            and (received.created_at, received.id) < (p_created_at, p_id)
            and (p_status is null or private.match_status(received) = p_status)
        order by received.created_at desc, received.id desc
        limit p_limit
    )
    order by created_at desc, id desc
    limit p_limit;
$$;

create or replace function public.list_matches(
    p_status text default null,
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
                private.match_json(listed.*::public.wingman_matches)
                order by listed.created_at desc, listed.id desc
            ),
            '[]'::jsonb
        )
        from private.matches_before(
            v_caller,
            p_status,
            least(greatest(p_limit, 1), 101),
            coalesce(p_before_created_at, 'infinity'),
            coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ) as listed
    );
end;
$$;
comment on function public.list_matches(text, integer, timestamptz, uuid) is
'Newest first, at most 101 (a page of 100 and one to know of more), from before the given match.
Security definer because users have no grant on matches: a stored status may be out of date.';

revoke all on function private.matches_before(uuid, text, integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
revoke all on function public.list_matches(text, integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
grant execute on function public.list_matches(text, integer, timestamptz, uuid) to authenticated;
