-- All have the password of the two users in supabase/seed.sql.
insert into auth.users (
    id, aud, role, email, email_confirmed_at, raw_user_meta_data, encrypted_password, created_at
)
select
    one.user_id as id,
    'authenticated' as aud,
    'authenticated' as role, -- noqa: RF04
    concat('dog', one.person, '@', current_setting('seed.domain')) as email,
    pg_temp.ago(one.person, 'account', 0, 400) as email_confirmed_at,
    jsonb_build_object(
        'first_name', pg_temp.pick(one.person, 'owner', words.owners)
    ) as raw_user_meta_data,
    '$2a$10$fp.nr8EhA7wRo4Q5Hr22XuV5HeTpiPtjAgK8tbmkw4Y.zyYj3EToi' as encrypted_password,
    pg_temp.ago(one.person, 'account', 0, 400) as created_at
from people as one
cross join words
where pg_temp.in_batch(one.person)
order by one.person;

-- The work of the trigger keep_user_profile.
insert into public.user_profiles (id, email, first_name, created_at, updated_at)
select
    registered.id,
    registered.email,
    registered.raw_user_meta_data ->> 'first_name' as first_name,
    registered.created_at,
    registered.created_at as updated_at
from people as one
inner join auth.users as registered on one.user_id = registered.id
where pg_temp.in_batch(one.person)
order by one.person;
