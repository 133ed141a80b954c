create function public.open_registration(p_id uuid, p_address text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    if exists (select 1 from private.sign_in_attempts as made where made.id = p_id) then
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
    return true;
end;
$$;
comment on function public.open_registration is
'Before a registration: removes an unconfirmed one of the same address, with its password and
links. Supabase Auth would keep its password, and the owner of the address would confirm a password
of a stranger. False for a registration that has been made. Security definer because service_role has
no grant on accounts.';
grant execute on function public.open_registration to service_role;
