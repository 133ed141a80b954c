create or replace function public.withdraw_match(p_match_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches := private.lock_match(p_match_id, v_caller);
begin
    if v_match.initiator_id <> v_caller then
        raise exception 'only_the_initiator_can_withdraw' using errcode = 'WM012';
    end if;
    if v_match.status <> 'withdrawn' then
        perform private.check_still_pending(v_match);
        update public.wingman_matches as withdrawn
        set status = 'withdrawn'
        where withdrawn.id = p_match_id
        returning withdrawn.* into v_match;
        perform private.cancel_invitation_email(p_match_id);
    end if;
    return jsonb_build_object('match', private.match_json(v_match), 'emails', '[]'::jsonb);
end;
$$;
comment on function public.withdraw_match(uuid) is
'Takes a pending invitation back. Security definer because users write no table.';

revoke all on function public.withdraw_match(uuid) from public, anon, authenticated, service_role;
grant execute on function public.withdraw_match(uuid) to authenticated;
