create table if not exists public.wingman_matches (
    id uuid primary key default gen_random_uuid(),
    user1_id uuid not null references public.user_profiles (id) on delete cascade,
    user2_id uuid not null references public.user_profiles (id) on delete cascade,
    initiator_id uuid not null,
    status text not null default 'pending',
    venue_suggestion text,
    note text,
    created_at timestamptz not null default now(),
    responded_at timestamptz,
    expires_at timestamptz not null default now() + interval '48 hours',
    constraint wingman_matches_two_people check (user1_id <> user2_id),
    constraint wingman_matches_initiator_is_user1 check (initiator_id = user1_id),
    constraint wingman_matches_status_known
    check (status in ('pending', 'accepted', 'declined', 'expired', 'withdrawn')),
    constraint wingman_matches_venue_suggestion_length
    check (char_length(venue_suggestion) <= 200),
    constraint wingman_matches_note_length check (char_length(note) <= 500)
);
comment on table public.wingman_matches is
'Invitations and what became of them; user1 invited user2. An account takes its matches with it.';

create unique index if not exists wingman_matches_one_open_per_pair
on public.wingman_matches (least(user1_id, user2_id), greatest(user1_id, user2_id))
where status in ('pending', 'accepted');
create index if not exists wingman_matches_declined_of_pair
on public.wingman_matches (
    least(user1_id, user2_id), greatest(user1_id, user2_id), responded_at
)
where status = 'declined';
create index if not exists wingman_matches_of_user1
on public.wingman_matches (user1_id, created_at desc, id desc);
create index if not exists wingman_matches_of_user2
on public.wingman_matches (user2_id, created_at desc, id desc);

-- No policy and no grant: a stored 'pending' may have expired, and only the functions say so.
alter table public.wingman_matches enable row level security;
revoke all on public.wingman_matches from public, anon, authenticated, service_role;
