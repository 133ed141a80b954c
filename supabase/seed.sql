-- Two people to try the product with. The trigger on auth.users makes their profiles.
insert into auth.users (id, aud, role, email, raw_user_meta_data)
values
(
    '11111111-1111-4111-8111-111111111111',
    'authenticated',
    'authenticated',
    'maya@example.com',
    '{"first_name": "Maya", "last_name": "Demo"}'
),
(
    '22222222-2222-4222-8222-222222222222',
    'authenticated',
    'authenticated',
    'leo@example.com',
    '{"first_name": "Leo", "last_name": "Demo"}'
)
on conflict (id) do nothing;
