create table public.challenges (
    id uuid primary key default gen_random_uuid(),
    difficulty text not null,
    title text not null,
    description text not null,
    points integer not null,
    active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint challenges_difficulty_known
    check (difficulty in ('beginner', 'intermediate', 'advanced')),
    constraint challenges_title_length check (char_length(title) between 1 and 100),
    constraint challenges_description_length check (char_length(description) between 1 and 500),
    constraint challenges_points_range check (points between 10 and 100)
);
comment on table public.challenges is
'Small dares that everyone can read. A challenge that is no longer offered becomes inactive and
stays, because sessions refer to it.';

-- No policy and no grant: list_challenges alone says which are on offer.
alter table public.challenges enable row level security;

create function public.list_challenges(p_difficulty text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform private.check_length(char_length(p_difficulty), 20);
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', offered.id,
                    'difficulty', offered.difficulty,
                    'title', offered.title,
                    'description', offered.description,
                    'points', offered.points
                )
                order by offered.points, offered.title, offered.id
            ),
            '[]'::jsonb
        )
        from public.challenges as offered
        where offered.active and (p_difficulty is null or offered.difficulty = p_difficulty)
    );
end;
$$;
comment on function public.list_challenges is
'The challenges on offer, easiest first: all of them, or those of one difficulty.
Security definer because visitors have no grant on challenges.';
grant execute on function public.list_challenges to anon, authenticated;
