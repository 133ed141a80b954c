create function public.conversation_partner(p_match_id uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    if not private.shows_conversation(v_caller, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    return private.partner_in(p_match_id, v_caller);
end;
$$;
comment on function public.conversation_partner is
'The other user of a conversation that the caller sees; null if that user has deleted the account.
Security definer because users have no grant on matches.';
grant execute on function public.conversation_partner to authenticated;
