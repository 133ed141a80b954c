-- `dog_profiles.discoverable` says whom discovery may show. It is stored, because the walk through
-- the neighbourhood reads it of thousands.

create function private.is_discoverable(p_profile public.dog_profiles)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_profile.visible
        and p_profile.created_at is not null
        and private.missing_of_profile(
            p_profile, private.ready_photos(p_profile.user_id)
        ) = '{}'
        and not private.is_hidden(p_profile.user_id)
        and not private.is_banned(p_profile.user_id);
end;
$$;
comment on function private.is_discoverable is
'Whether the profile is published, and its owner neither hidden nor banned.';

create function private.set_discoverable()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.discoverable := private.is_discoverable(new);
    return new;
end;
$$;

create trigger set_discoverable
before insert or update of
user_id, visible, display_name, age, located_at, created_at, discoverable
on public.dog_profiles
for each row execute function private.set_discoverable();

create function private.refresh_discoverable(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The lock makes changes of one user take turns, so that the last one sees all others.
    perform
    from public.dog_profiles as profile
    where profile.user_id = p_user_id
    for no key update;
    update public.dog_profiles as profile
    set discoverable = not profile.discoverable
    where profile.user_id = p_user_id
        and profile.discoverable <> private.is_discoverable(profile);
end;
$$;
comment on function private.refresh_discoverable is
'Stores whether discovery may show the user, after a change of what it depends on.';

create function private.refresh_discoverable_of_row()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform private.refresh_discoverable(coalesce(new.user_id, old.user_id));
    return null;
end;
$$;

create trigger refresh_discoverable_when_added
after insert on public.photos
for each row when (new.status = 'ready')
execute function private.refresh_discoverable_of_row();

create trigger refresh_discoverable_when_changed
after update of status on public.photos
for each row when ((new.status = 'ready') <> (old.status = 'ready'))
execute function private.refresh_discoverable_of_row();

create trigger refresh_discoverable_when_deleted
after delete on public.photos
for each row when (old.status = 'ready')
execute function private.refresh_discoverable_of_row();

create trigger refresh_discoverable
after insert or delete on private.hidden_profiles
for each row execute function private.refresh_discoverable_of_row();

create function private.refresh_discoverable_of_account()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.refresh_discoverable(new.id);
    return null;
end;
$$;
comment on function private.refresh_discoverable_of_account is
'Security definer because Supabase Auth writes auth.users and has no rights here.';

-- A ban also ends with its time, which changes no row; then the user has to sign in again.
create trigger refresh_discoverable
after update of banned_until, last_sign_in_at on auth.users
for each row when (new.banned_until is not null or old.banned_until is not null)
execute function private.refresh_discoverable_of_account();
