create function public.begin_auth_request(
    p_id uuid, p_kind text, p_address text, p_ip text
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_most_in_a_day constant integer := 10;
    v_address_hash constant text := private.keyed_hash(p_address);
    v_ip_hash constant text := private.keyed_hash(p_ip);
begin
    if exists (select 1 from private.sign_in_attempts as made where made.id = p_id) then
        return false;
    end if;
    -- Each sends an email to an address that the client may not own. The owner, in another
    -- network, still gets the emails that the owner asked for.
    if v_most_in_a_day <= (
        select count(*)
        from private.sign_in_attempts as made
        where made.address_hash = v_address_hash
            and made.ip_hash = v_ip_hash
            and made.kind = p_kind
            and made.outcome = 'accepted'
            and made.at > now() - interval '1 day'
    ) then
        return false;
    end if;
    if p_kind = 'register' then
        if private.is_banned_address(p_address) then
            return false;
        end if;
        delete from auth.users as unconfirmed
        where unconfirmed.email = p_address
            and unconfirmed.email_confirmed_at is null
            and unconfirmed.phone_confirmed_at is null
            and unconfirmed.invited_at is null
            and unconfirmed.last_sign_in_at is null
            and not unconfirmed.is_sso_user
            and not unconfirmed.is_anonymous;
    end if;
    return true;
end;
$$;
comment on function public.begin_auth_request is
'Whether a request to Supabase Auth is to be made: false if it has been made, or if its network has
asked 10 times in a day about the address, or if an account with it was banned. A registration first removes an unconfirmed one of its
address, with password and links: Supabase Auth would keep that password, and the owner of the address
would confirm the password of a stranger. Security definer because service_role has no grant on
accounts and attempts.';
grant execute on function public.begin_auth_request to service_role;
