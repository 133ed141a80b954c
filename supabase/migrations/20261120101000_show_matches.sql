create or replace function private.match_status(p_match public.wingman_matches)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when p_match.status = 'pending' and p_match.expires_at <= now() then 'expired'
        else p_match.status
    end;
$$;
comment on function private.match_status(public.wingman_matches) is
'The status to show: a pending invitation past its time has expired, whether or not it was marked.';

create or replace function private.iso_utc(p_time timestamptz)
returns text
language sql
immutable
set search_path = ''
as $$
    select to_char(p_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
$$;

create or replace function private.match_json(p_match public.wingman_matches)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_match.id,
        'user1_id', p_match.user1_id,
        'user2_id', p_match.user2_id,
        'initiator_id', p_match.initiator_id,
        'status', private.match_status(p_match),
        'venue_suggestion', p_match.venue_suggestion,
        'note', p_match.note,
        'created_at', private.iso_utc(p_match.created_at),
        'responded_at', private.iso_utc(p_match.responded_at),
        'expires_at', private.iso_utc(p_match.expires_at)
    );
$$;

create or replace function public.get_match(p_match_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
begin
    select found_match.* into v_match
    from public.wingman_matches as found_match
    where found_match.id = p_match_id
        and v_caller in (found_match.user1_id, found_match.user2_id);
    if v_match.id is null then
        raise exception 'not_found' using errcode = 'WM003';
    end if;
    return private.match_json(v_match);
end;
$$;
comment on function public.get_match(uuid) is
'Security definer because users have no grant on matches: a stored status may be out of date.';

revoke all on function private.match_status(public.wingman_matches)
from public, anon, authenticated, service_role;
revoke all on function private.iso_utc(timestamptz)
from public, anon, authenticated, service_role;
revoke all on function private.match_json(public.wingman_matches)
from public, anon, authenticated, service_role;
revoke all on function public.get_match(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_match(uuid) to authenticated;
