create or replace function private.keep_user_profile()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into public.user_profiles (id, email, first_name, last_name)
    values (
        new.id,
        new.email,
        nullif(left(btrim(new.raw_user_meta_data ->> 'first_name'), 100), ''),
        nullif(left(btrim(new.raw_user_meta_data ->> 'last_name'), 100), '')
    )
    on conflict (id) do update
        set
            email = excluded.email,
            updated_at = now();
    return null;
end;
$$;
comment on function private.keep_user_profile() is
'Security definer because the role of Supabase Auth writes auth.users and may not write profiles.';
revoke all on function private.keep_user_profile()
from public, anon, authenticated, service_role;

create or replace trigger keep_user_profile
after insert or update of email on auth.users
for each row execute function private.keep_user_profile();

-- Accounts older than this migration.
insert into public.user_profiles (id, email, first_name, last_name)
select
    registered.id,
    registered.email,
    nullif(left(btrim(registered.raw_user_meta_data ->> 'first_name'), 100), '') as first_name,
    nullif(left(btrim(registered.raw_user_meta_data ->> 'last_name'), 100), '') as last_name
from auth.users as registered
on conflict (id) do nothing;
