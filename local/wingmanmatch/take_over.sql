-- Copies the data that the product uses from schema `wingmanmatch`, and keeps the ids. It runs in
-- one transaction. Running it again is safe: existing rows stay as they are.

create table if not exists wingmanmatch.taken_over (id uuid primary key);
comment on table wingmanmatch.taken_over is
'Profiles whose names were copied: a later run does not undo what users have changed since.';

create temporary table takeover (
    kind text not null,
    id uuid not null,
    outcome text not null
) on commit drop;

-- --- names; accounts are in auth.users already, and the migrations created their profiles

insert into takeover (kind, id, outcome)
select
    'profile' as kind,
    legacy.id,
    case
        when profile.id is null then 'skipped: no account in auth.users'
        when known.id is not null then 'already there'
        else 'taken over'
    end as outcome
from wingmanmatch.user_profiles as legacy
left join public.user_profiles as profile on legacy.id = profile.id
left join wingmanmatch.taken_over as known on legacy.id = known.id;

insert into takeover (kind, id, outcome)
select
    'profile' as kind,
    legacy.id,
    'adjusted: a name that the product refuses was left out' as outcome
from wingmanmatch.user_profiles as legacy
inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'profile'
where
    verdict.outcome = 'taken over'
    and (
        private.flaw_of_name(btrim(legacy.first_name)) is not null
        or private.flaw_of_name(btrim(legacy.last_name)) is not null
    );

update public.user_profiles as profile
set
    first_name = coalesce(given.first_name, profile.first_name),
    last_name = coalesce(given.last_name, profile.last_name),
    created_at = least(given.created_at, profile.created_at)
from (
    select
        legacy.id,
        legacy.created_at,
        case
            when private.flaw_of_name(btrim(legacy.first_name)) is null
                then nullif(btrim(legacy.first_name), '')
        end as first_name,
        case
            when private.flaw_of_name(btrim(legacy.last_name)) is null
                then nullif(btrim(legacy.last_name), '')
        end as last_name
    from wingmanmatch.user_profiles as legacy
) as given
inner join takeover as verdict on given.id = verdict.id
where profile.id = given.id and verdict.kind = 'profile' and verdict.outcome = 'taken over';

insert into wingmanmatch.taken_over (id)
select verdict.id
from takeover as verdict
where verdict.kind = 'profile' and verdict.outcome = 'taken over';

-- --- challenges; one that the product already offers is kept for its sessions, but not offered

insert into takeover (kind, id, outcome)
select
    'challenge' as kind,
    legacy.id,
    case
        when known.id is not null then 'already there'
        when btrim(legacy.title) = '' then 'skipped: no title'
        else 'taken over'
    end as outcome
from wingmanmatch.approach_challenges as legacy
left join public.challenges as known on legacy.id = known.id;

insert into takeover (kind, id, outcome)
select
    'challenge' as kind,
    legacy.id,
    'adjusted: a text was shortened, or points moved into 10 to 100' as outcome
from wingmanmatch.approach_challenges as legacy
inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'challenge'
where
    verdict.outcome = 'taken over'
    and (
        char_length(btrim(legacy.title)) > 100
        or char_length(btrim(legacy.description)) > 500
        or legacy.points not between 10 and 100
    );

insert into public.challenges (id, difficulty, title, description, points, active, created_at)
select
    legacy.id,
    legacy.difficulty,
    left(btrim(legacy.title), 100) as title,
    left(coalesce(nullif(btrim(legacy.description), ''), btrim(legacy.title)), 500) as description,
    greatest(10, least(100, coalesce(legacy.points, 10))) as points,
    not exists (
        select 1
        from public.challenges as offered
        where offered.active and lower(offered.title) = lower(btrim(legacy.title))
    ) as active,
    coalesce(legacy.created_at, now()) as created_at
from wingmanmatch.approach_challenges as legacy
inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'challenge'
where verdict.outcome = 'taken over';

-- --- matches; an invitation is open for 48 hours, and a pair has one open match

create temporary table old_match on commit drop as
select
    legacy.id,
    legacy.user1_id,
    legacy.user2_id,
    coalesce(legacy.created_at, now()) as created_at,
    case lower(coalesce(legacy.status, 'pending'))
        when 'pending' then 'pending'
        when 'accepted' then 'accepted'
        when 'active' then 'accepted'
        when 'completed' then 'accepted'
        when 'declined' then 'declined'
        when 'rejected' then 'declined'
        when 'expired' then 'expired'
        when 'cancelled' then 'withdrawn'
        when 'withdrawn' then 'withdrawn'
    end as status,
    least(legacy.user1_id, legacy.user2_id) as lower_id,
    greatest(legacy.user1_id, legacy.user2_id) as upper_id
from wingmanmatch.wingman_matches as legacy;

update old_match
set status = 'expired'
where old_match.status = 'pending' and old_match.created_at <= now() - interval '48 hours';

insert into takeover (kind, id, outcome)
select
    'match' as kind,
    legacy.id,
    case
        when known.id is not null then 'already there'
        when
            not exists (
                select 1 from public.user_profiles as u
                where u.id = legacy.user1_id
            )
            or not exists (
                select 1 from public.user_profiles as u
                where u.id = legacy.user2_id
            )
            then 'skipped: a user has no account'
        when legacy.status is null then 'skipped: unknown status'
        else 'taken over'
    end as outcome
from old_match as legacy
left join public.wingman_matches as known on legacy.id = known.id;

create temporary table extra_match on commit drop as
select ranked.id
from (
    select
        legacy.id,
        row_number() over (
            partition by legacy.lower_id, legacy.upper_id
            order by (legacy.status = 'accepted') desc, legacy.created_at asc, legacy.id asc
        ) as place,
        exists(
            select 1
            from public.wingman_matches as opened
            where
                least(opened.user1_id, opened.user2_id) = legacy.lower_id
                and greatest(opened.user1_id, opened.user2_id) = legacy.upper_id
                and opened.status in ('pending', 'accepted')
        ) as is_taken
    from old_match as legacy
    inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'match'
    where verdict.outcome = 'taken over' and legacy.status in ('pending', 'accepted')
) as ranked
where ranked.place > 1 or ranked.is_taken;

insert into takeover (kind, id, outcome)
select
    'match' as kind,
    extra.id,
    'adjusted: expired, because the pair has another open match' as outcome
from extra_match as extra;

insert into public.wingman_matches (
    id, user1_id, user2_id, initiator_id, status, created_at, expires_at
)
select
    legacy.id,
    legacy.user1_id,
    legacy.user2_id,
    legacy.user1_id as initiator_id,
    case when extra.id is not null then 'expired' else legacy.status end as status,
    legacy.created_at,
    legacy.created_at + interval '48 hours' as expires_at
from old_match as legacy
inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'match'
left join extra_match as extra on legacy.id = extra.id
where verdict.outcome = 'taken over';

-- --- sessions; confirmations close one that ended more than a day ago

create temporary table old_session on commit drop as
select
    legacy.id,
    legacy.match_id,
    legacy.venue_name,
    legacy.user1_challenge_id,
    legacy.user2_challenge_id,
    legacy.user1_completed_confirmed_by_user2,
    legacy.user2_completed_confirmed_by_user1,
    legacy.notes,
    legacy.completed_at,
    legacy.created_at,
    coalesce(legacy.scheduled_time, legacy.completed_at) as start_time,
    case
        when lower(coalesce(legacy.status, 'scheduled')) in ('scheduled', 'in_progress')
            then case
                when legacy.scheduled_time > now() - interval '24 hours' then 'scheduled'
                when
                    legacy.user1_completed_confirmed_by_user2
                    or legacy.user2_completed_confirmed_by_user1
                    then 'completed'
                else 'expired'
            end
        when lower(legacy.status) in ('completed', 'cancelled', 'no_show') then lower(legacy.status)
    end as new_status
from wingmanmatch.wingman_sessions as legacy;

insert into takeover (kind, id, outcome)
select
    'session' as kind,
    legacy.id,
    case
        when known.id is not null then 'already there'
        when
            not exists (
                select 1 from public.wingman_matches as m
                where m.id = legacy.match_id
            )
            then 'skipped: its match was skipped'
        when legacy.new_status is null then 'skipped: unknown status'
        when legacy.start_time is null then 'skipped: no time'
        else 'taken over'
    end as outcome
from old_session as legacy
left join public.wingman_sessions as known on legacy.id = known.id;

create temporary table extra_session on commit drop as
select ranked.id
from (
    select
        legacy.id,
        row_number() over (
            partition by legacy.match_id order by legacy.start_time desc, legacy.id asc
        ) as place,
        exists(
            select 1
            from public.wingman_sessions as opened
            where opened.match_id = legacy.match_id and opened.status = 'scheduled'
        ) as is_taken
    from old_session as legacy
    inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'session'
    where verdict.outcome = 'taken over' and legacy.new_status = 'scheduled'
) as ranked
where ranked.place > 1 or ranked.is_taken;

insert into takeover (kind, id, outcome)
select
    'session' as kind,
    extra.id,
    'adjusted: expired, because the match has another open session' as outcome
from extra_session as extra
union all
select
    'session' as kind,
    legacy.id,
    'adjusted: it counts for no one, because the old table does not say who was missing' as outcome
from old_session as legacy
inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'session'
where verdict.outcome = 'taken over' and legacy.new_status = 'no_show'
union all
select
    'session' as kind,
    legacy.id,
    'adjusted: a missing place or a long text' as outcome
from old_session as legacy
inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'session'
where
    verdict.outcome = 'taken over'
    and (coalesce(btrim(legacy.venue_name), '') = '' or char_length(legacy.notes) > 2000);

insert into public.wingman_sessions (
    id, match_id, venue_name, scheduled_time, status, user1_challenge_id, user2_challenge_id,
    user1_completed_confirmed_by_user2, user2_completed_confirmed_by_user1, notes, completed_at,
    created_at
)
select
    legacy.id,
    legacy.match_id,
    coalesce(nullif(btrim(legacy.venue_name), ''), 'To be agreed') as venue_name,
    legacy.start_time,
    case when extra.id is not null then 'expired' else legacy.new_status end as status,
    first_challenge.id as user1_challenge_id,
    second_challenge.id as user2_challenge_id,
    coalesce(legacy.user1_completed_confirmed_by_user2, false) as user1_confirmed,
    coalesce(legacy.user2_completed_confirmed_by_user1, false) as user2_confirmed,
    left(legacy.notes, 2000) as notes,
    case
        when legacy.new_status = 'completed' then coalesce(legacy.completed_at, legacy.start_time)
    end as completed_at,
    coalesce(legacy.created_at, legacy.start_time) as created_at
from old_session as legacy
inner join takeover as verdict on legacy.id = verdict.id and verdict.kind = 'session'
left join extra_session as extra on legacy.id = extra.id
left join public.challenges as first_challenge on legacy.user1_challenge_id = first_challenge.id
left join public.challenges as second_challenge on legacy.user2_challenge_id = second_challenge.id
where verdict.outcome = 'taken over';

-- Only reminders of future sessions are sent.
do $remind$
begin
    perform private.plan_reminders(meeting)
    from public.wingman_sessions as meeting
    inner join takeover as verdict on meeting.id = verdict.id
    where verdict.kind = 'session'
        and verdict.outcome = 'taken over'
        and meeting.status = 'scheduled';
end;
$remind$;
