create table public.wingman_sessions (
    id uuid primary key default gen_random_uuid(),
    match_id uuid not null references public.wingman_matches (id) on delete cascade,
    user1_id uuid not null,
    user2_id uuid not null,
    venue_name text not null,
    scheduled_time timestamptz not null,
    status text not null default 'scheduled',
    user1_challenge_id uuid references public.challenges (id),
    user2_challenge_id uuid references public.challenges (id),
    user1_completed_confirmed_by_user2 boolean not null default false,
    user2_completed_confirmed_by_user1 boolean not null default false,
    no_show_user_ids uuid[] not null default '{}',
    cancelled_by uuid,
    cancel_reason text,
    notes text,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Named as in iCalendar (RFC 5545).
    sequence integer not null default 0, -- noqa: RF04
    -- How the session counts for a user. Reputation has no other definition.
    user1_counts_as text generated always as (
        case
            when user1_id = any(no_show_user_ids)
                then case
                    when
                        status = 'cancelled'
                        or (status = 'no_show' and user1_id is distinct from short_notice_for)
                        then 'no_show'
                end
            when
                status = 'completed'
                and (user1_completed_confirmed_by_user2 or user2_completed_confirmed_by_user1)
                then 'completed'
        end
    ) stored,
    user2_counts_as text generated always as (
        case
            when user2_id = any(no_show_user_ids)
                then case
                    when
                        status = 'cancelled'
                        or (status = 'no_show' and user2_id is distinct from short_notice_for)
                        then 'no_show'
                end
            when
                status = 'completed'
                and (user1_completed_confirmed_by_user2 or user2_completed_confirmed_by_user1)
                then 'completed'
        end
    ) stored,
    planned_by uuid,
    moved_at timestamptz,
    short_notice_for uuid,
    constraint wingman_sessions_status_known
    check (status in ('scheduled', 'completed', 'cancelled', 'no_show', 'expired')),
    constraint wingman_sessions_venue_name_length check (char_length(venue_name) between 1 and 200),
    constraint wingman_sessions_notes_length check (char_length(notes) <= 2000),
    constraint wingman_sessions_cancel_reason_length check (char_length(cancel_reason) <= 500)
);
comment on table public.wingman_sessions is
'Meetings of a match and their outcome: docs/decisions/007-session-states.md.';
comment on column public.wingman_sessions.user1_id is
'Copied from the match by a trigger, so that reading the sessions of a user needs no join.';
comment on column public.wingman_sessions.user1_completed_confirmed_by_user2 is
'user2 says that user1 took part; user2_completed_confirmed_by_user1 is the reverse.';
comment on column public.wingman_sessions.no_show_user_ids is
'The users who were reported missing or cancelled late.';
comment on column public.wingman_sessions.planned_by is
'The user who made the present plan: who created the session or moved it last.';
comment on column public.wingman_sessions.moved_at is
'When the present plan was made, if it is not the first one.';
comment on column public.wingman_sessions.short_notice_for is
'The user who learned of the present plan less than 2 hours before its start. A report that this
user did not come does not count.';

create unique index wingman_sessions_one_open_per_match
on public.wingman_sessions (match_id)
where status = 'scheduled';
create index wingman_sessions_of_match
on public.wingman_sessions (match_id);
create index wingman_sessions_of_user1
on public.wingman_sessions (user1_id, created_at desc, id desc);
create index wingman_sessions_of_user2
on public.wingman_sessions (user2_id, created_at desc, id desc);
create index wingman_sessions_counted_for_user1
on public.wingman_sessions (user1_id, user1_counts_as, user2_id, scheduled_time)
where user1_counts_as is not null;
create index wingman_sessions_counted_for_user2
on public.wingman_sessions (user2_id, user2_counts_as, user1_id, scheduled_time)
where user2_counts_as is not null;
create index wingman_sessions_open_by_time
on public.wingman_sessions (scheduled_time)
where status = 'scheduled';
-- A claim looks up the session of each email: one page above the row, as for user_profiles.
create index wingman_sessions_id_hash
on public.wingman_sessions using hash (id);

-- No policy and no grant: a stored 'scheduled' may have begun, which only the functions show.
alter table public.wingman_sessions enable row level security;

create function private.copy_session_people()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    select pair.user1_id, pair.user2_id into new.user1_id, new.user2_id
    from public.wingman_matches as pair
    where pair.id = new.match_id;
    return new;
end;
$$;

create trigger copy_session_people
before insert or update of match_id, user1_id, user2_id on public.wingman_sessions
for each row execute function private.copy_session_people();

create trigger stamp_update
before update on public.wingman_sessions
for each row execute function private.stamp_update();

create view private.notification_subjects as
select
    meeting.id,
    meeting.status,
    meeting.sequence as revision
from public.wingman_sessions as meeting;
comment on view private.notification_subjects is
'The present state of the subjects of notifications, with which a claim compares what an email says.
A domain whose notifications can become void adds its rows here.';
grant select on private.notification_subjects to service_role;
