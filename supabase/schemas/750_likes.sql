-- Likes and passes between users: docs/decisions/036-likes.md.

create table public.likes (
    user_id uuid references public.user_profiles (id) on delete cascade,
    liked_id uuid references public.user_profiles (id) on delete cascade,
    liked_at timestamptz not null default clock_timestamp(),
    primary key (user_id, liked_id),
    constraint likes_two_people check (user_id <> liked_id)
);
comment on table public.likes is
'The likes that stand. A like and a pass of the same user exclude each other, and the end of a match
removes the likes of both.';

create index likes_given on public.likes (user_id, liked_at desc, liked_id desc);
create index likes_received on public.likes (liked_id, liked_at desc, user_id desc);

-- No policy: users read and change likes through functions.
alter table public.likes enable row level security;

create table public.passes (
    user_id uuid references public.user_profiles (id) on delete cascade,
    passed_id uuid references public.user_profiles (id) on delete cascade,
    passed_at timestamptz not null default clock_timestamp(),
    until timestamptz not null default clock_timestamp() + interval '30 days', -- noqa: RF04
    -- Discovery reads all of a user's passes by the index alone.
    primary key (user_id, passed_id) include (until),
    constraint passes_two_people check (user_id <> passed_id)
);
comment on table public.passes is
'Users whom a user does not want to see for now. A pass counts until its time is over, and is then
deleted.';

create index passes_given on public.passes (user_id, passed_at desc, passed_id desc);
create index passes_received on public.passes (passed_id) include (user_id, until);
create index passes_by_end on public.passes (until);

alter table public.passes enable row level security;

create function private.export_likes(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'user_id', mine.liked_id, 'liked_at', private.iso_utc(mine.liked_at)
            )
            order by mine.liked_at, mine.liked_id
        ),
        '[]'::jsonb
    )
    from public.likes as mine
    where mine.user_id = p_user_id;
$$;
comment on function private.export_likes is
'The likes in the export of an account: those that the user gave.';

create function private.export_passes(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'user_id', mine.passed_id,
                'passed_at', private.iso_utc(mine.passed_at),
                'until', private.iso_utc(mine.until)
            )
            order by mine.passed_at, mine.passed_id
        ),
        '[]'::jsonb
    )
    from public.passes as mine
    where mine.user_id = p_user_id;
$$;
comment on function private.export_passes is
'The passes in the export of an account: those that the user gave.';
