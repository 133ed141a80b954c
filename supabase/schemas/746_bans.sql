create table private.banned_addresses (
    address_hash text primary key,
    banned_until timestamptz not null
);
comment on table private.banned_addresses is
'Addresses of accounts that were deleted while they were banned: no account is opened with them.';

alter table private.banned_addresses enable row level security;

create function private.is_banned_address(p_address text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(p_address);
begin
    return exists (
        select
        from private.banned_addresses as banned
        where banned.address_hash = v_address_hash and banned.banned_until > now()
    );
end;
$$;

create function private.keep_ban()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    delete from private.banned_addresses as over where over.banned_until <= now();
    insert into private.banned_addresses as known (address_hash, banned_until)
    values (private.keyed_hash(old.email), old.banned_until)
    on conflict (address_hash) do update
        set banned_until = greatest(known.banned_until, excluded.banned_until);
    return old;
end;
$$;
comment on function private.keep_ban is
'Security definer because Supabase Auth deletes accounts and has no rights here.';

create trigger keep_ban
before delete on auth.users
for each row
when (old.banned_until > now() and old.email is not null)
execute function private.keep_ban();

create function private.refuse_banned_address()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    if private.is_banned_address(new.email) then
        raise exception 'address_banned' using errcode = 'check_violation';
    end if;
    return new;
end;
$$;
comment on function private.refuse_banned_address is
'begin_auth_request keeps registrations away before; this also stops providers such as Google.
Security definer because Supabase Auth writes accounts and has no rights here.';

create trigger refuse_banned_address
before insert or update of email on auth.users
for each row
when (new.email is not null)
execute function private.refuse_banned_address();

create function private.end_matches_of_banned()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    for v_match in
        select pair.*
        from public.wingman_matches as pair
        where new.id in (pair.user1_id, pair.user2_id)
            and pair.status in ('pending', 'accepted')
        order by pair.id
    loop
        perform private.end_match(v_match, new.id, 'block');
    end loop;
    perform private.part(new.id, partner.id)
    from unnest(private.partners_of(new.id)) as partner (id);
    perform private.decide(new.id, 'banned');
    return null;
end;
$$;
comment on function private.end_matches_of_banned is
'However the ban came about. Security definer because Supabase Auth bans and has no rights here.';

create trigger end_matches_of_banned
after update of banned_until on auth.users
for each row
when (new.banned_until > now() and new.banned_until is distinct from old.banned_until)
execute function private.end_matches_of_banned();

create function public.ban_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    -- No infinity, which Supabase Auth cannot read.
    update auth.users as account
    set banned_until = now() + interval '100 years'
    where account.id = p_user_id and not private.is_banned(p_user_id);
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.ban_user is
'Bans an account: sessions and matches end, and it exists for no one else.
Security definer because service_role has no grant on accounts.';
grant execute on function public.ban_user to service_role;

create function public.unban_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    update auth.users as account set banned_until = null where account.id = p_user_id;
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.unban_user is
'Lifts a ban. Matches and sessions stay ended.
Security definer because service_role has no grant on accounts.';
grant execute on function public.unban_user to service_role;

create function public.unban_address(p_address text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(p_address);
begin
    delete from private.banned_addresses as banned where banned.address_hash = v_address_hash;
    return found;
end;
$$;
comment on function public.unban_address is
'Lets an account be opened again with the address of a banned one that was deleted.
Security definer because service_role has no grant on banned addresses.';
grant execute on function public.unban_address to service_role;
