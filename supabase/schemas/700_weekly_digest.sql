insert into private.notification_kinds (kind, category, lane, can_wait) values
('weekly_digest', 'marketing_emails', 'bulk', true);

create function private.counted_sessions(p_user_id uuid)
returns table (
    counts_as text, counted_at timestamptz, partner_id uuid, venue_name text,
    scheduled_time timestamptz
)
language sql
stable
set search_path = ''
as $$
    with counted as (
        -- A completed session counts from its completion, a no-show from its last change.
        select
            as_user1.id,
            as_user1.user1_counts_as as counts_as,
            coalesce(as_user1.completed_at, as_user1.updated_at) as counted_at,
            as_user1.user2_id as partner_id,
            as_user1.venue_name,
            as_user1.scheduled_time
        from public.wingman_sessions as as_user1
        where as_user1.user1_id = p_user_id and as_user1.user1_counts_as is not null
        union all
        select
            as_user2.id,
            as_user2.user2_counts_as as counts_as,
            coalesce(as_user2.completed_at, as_user2.updated_at) as counted_at,
            as_user2.user1_id as partner_id,
            as_user2.venue_name,
            as_user2.scheduled_time
        from public.wingman_sessions as as_user2
        where as_user2.user2_id = p_user_id and as_user2.user2_counts_as is not null
    )

    -- The first completion of a pair and day, and every no-show.
    (
        select distinct on (
            one.partner_id,
            case one.counts_as when 'completed' then private.utc_day(one.scheduled_time)::text
                else one.id::text
            end
        )
            one.counts_as,
            one.counted_at,
            one.partner_id,
            one.venue_name,
            one.scheduled_time
        from counted as one
        order by
            one.partner_id,
            case one.counts_as when 'completed' then private.utc_day(one.scheduled_time)::text
                else one.id::text
            end,
            one.counted_at
    )
    union all
    select
        past.counts_as,
        past.counted_at,
        null::uuid,
        null::text,
        null::timestamptz
    from private.past_outcomes as past
    where past.user_id = p_user_id;
$$;

create function private.week_of_meetings(
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
            one.counts_as = 'completed'
            and one.counted_at >= p_starts_at
            and one.partner_id is not null as is_new
        from private.counted_sessions(p_user_id) as one
        where one.counted_at < p_ends_at
    ),

    listed as (
        select
            one.scheduled_time,
            one.partner_id,
            jsonb_build_object(
                'partner_name', private.display_name(p_user_id, one.partner_id),
                'venue_name', one.venue_name,
                'scheduled_time', private.iso_utc(one.scheduled_time)
            ) as meeting
        from counted as one
        where one.is_new and private.exists_for(p_user_id, one.partner_id)
        order by one.scheduled_time desc
        limit 5
    )

    select jsonb_build_object(
        'met_count', count(*) filter (where one.is_new),
        'met',
        coalesce(
            (select jsonb_agg(listed.meeting order by listed.scheduled_time) from listed), '[]'
        ),
        'partner_ids',
        coalesce((select jsonb_agg(distinct listed.partner_id) from listed), '[]'),
        -- The same bounds as in wingman/reputation/rules.py.
        'score', greatest(-5, least(20, coalesce(sum(one.weight), 0))),
        'score_before',
        greatest(-5, least(20, coalesce(
            sum(one.weight) filter (where one.counted_at < p_starts_at), 0
        )))
    )
    from counted as one;
$$;
comment on function private.week_of_meetings is
'The meetings of one user in a week, and what they did to the user''s reputation.';

create function private.open_invitations(
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
                    'inviter_name', private.display_name(p_user_id, pending.user1_id),
                    'expires_at', private.iso_utc(pending.expires_at)
                )
                order by pending.expires_at
            ) filter (where pending.place <= 5),
            '[]'
        ),
        'inviter_ids',
        coalesce(
            jsonb_agg(pending.user1_id order by pending.expires_at)
            filter (where pending.place <= 5),
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
            and private.exists_for(p_user_id, invited.user1_id)
    ) as pending;
$$;
comment on function private.open_invitations is
'The invitations that wait for an answer of one user since before a moment.';

create function private.weekly_digest(
    p_user_id uuid, p_week text, p_starts_at timestamptz, p_ends_at timestamptz, p_now timestamptz
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_facts jsonb;
begin
    -- The cheapest step first: most runs of a week end at the first condition, and most of Monday's
    -- at the second.
    if p_now >= p_ends_at + interval '48 hours'
        or exists (
            select 1
            from public.email_logs as email
            where email.dedupe_key = concat_ws(':', 'weekly_digest', p_user_id, p_week)
        ) then
        return null;
    end if;
    v_facts := private.week_of_meetings(p_user_id, p_starts_at, p_ends_at)
        || private.open_invitations(p_user_id, p_ends_at, p_now);
    if (v_facts ->> 'met_count')::integer = 0
        and (v_facts ->> 'invitation_count')::integer = 0
        and v_facts -> 'score' = v_facts -> 'score_before' then
        return null;
    end if;
    return v_facts || jsonb_build_object('week_ends_at', private.iso_utc(p_ends_at));
end;
$$;
comment on function private.weekly_digest is
'The digest of a week. Null if it was recorded before, if the week ended more than two days ago, or
if there is nothing to report.';

create function public.record_weekly_digests(
    p_after uuid, p_limit integer, p_weeks jsonb, p_now timestamptz
)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    with
    last_week as materialized (
        select
            zone.timezone,
            week.name,
            week.first_day,
            week.starts_at,
            week.ends_at
        from jsonb_to_recordset(p_weeks) as week (
            name text, first_day date, starts_at timestamptz, ends_at timestamptz, timezones text[]
        )
        cross join lateral unnest(week.timezones) as zone (timezone)
    ),

    page as materialized (
        select wish.user_id
        from public.email_preferences as wish
        where wish.choices @> '{"marketing_emails": true}'
            and (p_after is null or wish.user_id > p_after)
        order by wish.user_id
        limit p_limit
    ),

    recorded as materialized (
        select
            private.notify(
                page.user_id,
                'weekly_digest',
                digest.facts || jsonb_build_object(
                    'first_day', week.first_day, 'last_day', week.first_day + 6
                ),
                week.name
            ) as due
        from page
        inner join private.email_recipients as reader on page.user_id = reader.user_id
        left join last_week as own on reader.timezone = own.timezone
        -- An unknown timezone reads as UTC, as in emails.
        inner join last_week as week on coalesce(own.timezone, 'UTC') = week.timezone
        cross join lateral private.weekly_digest(
            page.user_id, week.name, week.starts_at, week.ends_at, p_now
        ) as digest (facts)
        where digest.facts is not null
    )

    select jsonb_build_object(
        'recorded', (select count(*) from recorded where recorded.due <> '[]'),
        'last', (
            select
                case when count(*) = p_limit then (array_agg(user_id order by user_id desc))[1] end
            from page
        )
    );
$$;
comment on function public.record_weekly_digests is
'Records the digests of one page of the users who asked for them, once per user and ISO week. `last`
is where the next page begins, null after the last page. `p_weeks` says when the last week began and
ended in each timezone: PostgreSQL''s own table of timezones may be older than the one of emails.
Security definer because service_role has no grant to write emails.';
grant execute on function public.record_weekly_digests to service_role;
