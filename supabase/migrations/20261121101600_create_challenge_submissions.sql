create table if not exists public.challenge_submissions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    challenge_id uuid not null references public.challenges (id),
    session_id uuid references public.wingman_sessions (id) on delete set null,
    outcome text not null,
    reflection text,
    created_at timestamptz not null default now(),
    constraint challenge_submissions_outcome_known
    check (outcome in ('done', 'partly', 'not_done')),
    constraint challenge_submissions_reflection_length check (char_length(reflection) <= 2000)
);
comment on table public.challenge_submissions is
'Attempts at challenges, each person''s own; nobody else reads them.';

create index if not exists challenge_submissions_of_user
on public.challenge_submissions (user_id, created_at desc, id desc);
create index if not exists challenge_submissions_of_session
on public.challenge_submissions (session_id)
where session_id is not null;

-- No policy and no grant: the functions check the window and the caller's account.
alter table public.challenge_submissions enable row level security;
revoke all on public.challenge_submissions from public, anon, authenticated, service_role;

alter table private.app_settings
add column if not exists challenge_duration_days integer not null default 7
constraint app_settings_challenge_duration_positive check (challenge_duration_days >= 0);
