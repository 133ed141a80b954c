create or replace function private.caller_id()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
    v_id uuid;
begin
    select profile.id into v_id
    from public.user_profiles as profile
    where profile.id = (select auth.uid());
    if v_id is null then
        raise exception 'unauthenticated' using errcode = 'WM001';
    end if;
    return v_id;
end;
$$;
comment on function private.caller_id() is
'Who calls; a token may outlive its account, so the profile must still be there.';
revoke all on function private.caller_id() from public, anon, authenticated, service_role;
