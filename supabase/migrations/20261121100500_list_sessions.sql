create or replace function private.sessions_before(
    p_user_id uuid,
    p_status text,
    p_stored_status text,
    p_limit integer,
    p_created_at timestamptz,
    p_id uuid
)
returns setof public.wingman_sessions
language sql
stable
set search_path = ''
as $$
    -- The stored status is compared first, a plain column: it leaves few rows to look at closely.
    -- One ordered index scan per side: an `or` over both would read every session of the user.
    (
        select as_user1.*
        from public.wingman_sessions as as_user1
        where as_user1.user1_id = p_user_id
            and (as_user1.created_at, as_user1.id) < (p_created_at, p_id)
            and (p_status is null or as_user1.status = p_stored_status)
            and (p_status is null or private.session_status(as_user1) = p_status)
        order by as_user1.created_at desc, as_user1.id desc
        limit p_limit
    )
    union all
    (
        select as_user2.*
        from public.wingman_sessions as as_user2
        where as_user2.user2_id = p_user_id
            and (as_user2.created_at, as_user2.id) < (p_created_at, p_id)
            and (p_status is null or as_user2.status = p_stored_status)
            and (p_status is null or private.session_status(as_user2) = p_status)
        order by as_user2.created_at desc, as_user2.id desc
        limit p_limit
    )
    order by created_at desc, id desc
    limit p_limit;
$$;

create or replace function public.list_sessions(
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
                private.session_json(listed.*::public.wingman_sessions)
                order by listed.created_at desc, listed.id desc
            ),
            '[]'::jsonb
        )
        from private.sessions_before(
            v_caller,
            p_status,
            case p_status when 'in_progress' then 'scheduled' else p_status end,
            least(greatest(p_limit, 1), 101),
            coalesce(p_before_created_at, 'infinity'),
            coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ) as listed
    );
end;
$$;
comment on function public.list_sessions(text, integer, timestamptz, uuid) is
'Newest first, at most 101 (a page of 100 and one to know of more), from before the given session.
Security definer because users have no grant on sessions: a stored status may be out of date.';

revoke all on function private.sessions_before(uuid, text, text, integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
revoke all on function public.list_sessions(text, integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
grant execute on function public.list_sessions(text, integer, timestamptz, uuid) to authenticated;
