create index if not exists email_preferences_want_marketing
on public.email_preferences (user_id)
where marketing_emails;

create or replace function private.last_week(p_timezone text, p_now timestamptz)
returns table (name text, first_day date, starts_at timestamptz, ends_at timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        to_char(monday.at - interval '7 days', 'IYYY-"W"IW'),
        (monday.at - interval '7 days')::date,
        (monday.at - interval '7 days') at time zone p_timezone,
        monday.at at time zone p_timezone
    from (select date_trunc('week', p_now at time zone p_timezone) as at) as monday;
$$;
comment on function private.last_week(text, timestamptz) is
'The ISO week that is over by the clocks of a timezone: a week of changing clocks has 167 or 169
hours.';

create or replace function private.counted_sessions(p_user_id uuid)
returns table (
    counts_as text, counted_at timestamptz, partner_id uuid, venue_name text,
    scheduled_time timestamptz
)
language sql
stable
set search_path = ''
as $$
    -- What no longer is open changes no more, so that its last change is when it was counted.
    select
        as_user1.user1_counts_as,
        coalesce(as_user1.completed_at, as_user1.updated_at),
        as_user1.user2_id,
        as_user1.venue_name,
        as_user1.scheduled_time
    from public.wingman_sessions as as_user1
    where as_user1.user1_id = p_user_id and as_user1.user1_counts_as is not null
    union all
    select
        as_user2.user2_counts_as,
        coalesce(as_user2.completed_at, as_user2.updated_at),
        as_user2.user1_id,
        as_user2.venue_name,
        as_user2.scheduled_time
    from public.wingman_sessions as as_user2
    where as_user2.user2_id = p_user_id and as_user2.user2_counts_as is not null;
$$;

create or replace function private.week_of_meetings(
    p_user_id uuid, p_starts_at timestamptz, p_ends_at timestamptz
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    with
    counted as materialized (
        select
            one.*,
            case one.counts_as when 'completed' then 1 else -1 end as weight,
            one.counts_as = 'completed' and one.counted_at >= p_starts_at as is_new
        from private.counted_sessions(p_user_id) as one
        where one.counted_at < p_ends_at
    ),

    told as (
        select
            one.scheduled_time,
            jsonb_build_object(
                'partner_name', private.display_name(one.partner_id),
                'venue_name', one.venue_name,
                'scheduled_time', private.iso_utc(one.scheduled_time)
            ) as meeting
        from counted as one
        where one.is_new
        order by one.scheduled_time desc
        limit 5
    )

    select jsonb_build_object(
        'met_count', count(*) filter (where one.is_new),
        'met',
        coalesce((select jsonb_agg(told.meeting order by told.scheduled_time) from told), '[]'),
        -- Held to the bounds of wingman/reputation/rules.py.
        'score', greatest(-5, least(20, coalesce(sum(one.weight), 0))),
        'score_before',
        greatest(-5, least(20, coalesce(
            sum(one.weight) filter (where one.counted_at < p_starts_at), 0
        )))
    )
    from counted as one;
$$;
comment on function private.week_of_meetings(uuid, timestamptz, timestamptz) is
'What took place for one person in a week, and what that made of their reputation.';

create or replace function private.open_invitations(
    p_user_id uuid, p_before timestamptz, p_now timestamptz
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'invitation_count', count(*),
        'invitations',
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'inviter_name', private.display_name(pending.user1_id),
                    'expires_at', private.iso_utc(pending.expires_at)
                )
                order by pending.expires_at
            ) filter (where pending.place <= 5),
            '[]'
        )
    )
    from (
        select
            invited.user1_id,
            invited.expires_at,
            row_number() over (order by invited.expires_at) as place
        from public.wingman_matches as invited
        where invited.user2_id = p_user_id
            and invited.status = 'pending'
            and invited.created_at < p_before
            and invited.expires_at > p_now
    ) as pending;
$$;
comment on function private.open_invitations(uuid, timestamptz, timestamptz) is
'Who waits for an answer of one person since before a moment.';

revoke all on function private.last_week(text, timestamptz)
from public, anon, authenticated, service_role;
revoke all on function private.counted_sessions(uuid)
from public, anon, authenticated, service_role;
revoke all on function private.week_of_meetings(uuid, timestamptz, timestamptz)
from public, anon, authenticated, service_role;
revoke all on function private.open_invitations(uuid, timestamptz, timestamptz)
from public, anon, authenticated, service_role;
