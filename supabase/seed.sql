-- Two people to try the product with; their password is `try wingman`. The trigger on auth.users
-- makes their profiles.
insert into auth.users (
    id, aud, role, email, email_confirmed_at, raw_user_meta_data, encrypted_password
)
values
(
    '11111111-1111-4111-8111-111111111111',
    'authenticated',
    'authenticated',
    'maya@example.com',
    now(),
    '{"first_name": "Maya", "last_name": "Demo"}',
    '$2a$10$fp.nr8EhA7wRo4Q5Hr22XuV5HeTpiPtjAgK8tbmkw4Y.zyYj3EToi'
),
(
    '22222222-2222-4222-8222-222222222222',
    'authenticated',
    'authenticated',
    'leo@example.com',
    now(),
    '{"first_name": "Leo", "last_name": "Demo"}',
    '$2a$10$fp.nr8EhA7wRo4Q5Hr22XuV5HeTpiPtjAgK8tbmkw4Y.zyYj3EToi'
)
on conflict (id) do nothing;

-- Whoever tries an invitation at night should see its email at once.
insert into public.email_preferences (user_id, quiet_hours_start, quiet_hours_end)
values
('11111111-1111-4111-8111-111111111111', null, null),
('22222222-2222-4222-8222-222222222222', null, null)
on conflict (user_id) do nothing;
