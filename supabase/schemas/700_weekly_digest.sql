insert into private.notification_kinds (kind, category, lane, can_wait) values
('weekly_digest', 'marketing_emails', 'bulk', true);

create function private.last_week(p_timezone text, p_now timestamptz)
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
comment on function private.last_week is
'The last complete ISO week in a timezone. A week in which clocks change has 167 or 169 hours.';

create function private.counted_sessions(p_user_id uuid)
returns table (
    counts_as text, counted_at timestamptz, partner_id uuid, venue_name text,
    scheduled_time timestamptz
)
language sql
stable
set search_path = ''
as $$
    -- A completed session counts from its completion, a no-show from its last change.
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
            one.counts_as = 'completed' and one.counted_at >= p_starts_at as is_new
        from private.counted_sessions(p_user_id) as one
        where one.counted_at < p_ends_at
    ),

    listed as (
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
        coalesce(
            (select jsonb_agg(listed.meeting order by listed.scheduled_time) from listed), '[]'
        ),
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
comment on function private.open_invitations is
'The invitations that wait for an answer of one user since before a moment.';

create function private.weekly_digest(
    p_user_id uuid, p_timezone text, p_now timestamptz
)
returns table (week text, facts jsonb)
language plpgsql
stable
rows 1
set search_path = ''
as $$
declare
    v_first_day date;
    v_starts_at timestamptz;
    v_ends_at timestamptz;
    v_facts jsonb;
begin
    select * into week, v_first_day, v_starts_at, v_ends_at
    from private.last_week(p_timezone, p_now);
    -- The cheapest step first: most runs of a week end at the first condition, and most of Monday's
    -- at the second.
    if p_now >= v_ends_at + interval '48 hours'
        or exists (
            select 1
            from public.email_logs as email
            where email.dedupe_key = concat_ws(':', 'weekly_digest', p_user_id, week)
        ) then
        return;
    end if;
    v_facts := private.week_of_meetings(p_user_id, v_starts_at, v_ends_at)
        || private.open_invitations(p_user_id, v_ends_at, p_now);
    if (v_facts ->> 'met_count')::integer = 0
        and (v_facts ->> 'invitation_count')::integer = 0
        and v_facts -> 'score' = v_facts -> 'score_before' then
        return;
    end if;
    facts := v_facts || jsonb_build_object(
        'first_day', v_first_day,
        'last_day', v_first_day + 6,
        'week_ends_at', private.iso_utc(v_ends_at)
    );
    return next;
end;
$$;
comment on function private.weekly_digest is
'The digest of the last week in the user''s timezone. No row if it was recorded before, if the week
ended more than two days ago, or if there is nothing to report.';

create function public.record_weekly_digests(
    p_after uuid, p_limit integer, p_now timestamptz
)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    with
    page as materialized (
        select wish.user_id
        from public.email_preferences as wish
        where wish.choices @> '{"marketing_emails": true}'
            and (p_after is null or wish.user_id > p_after)
        order by wish.user_id
        limit p_limit
    ),

    recorded as materialized (
        select private.notify(page.user_id, 'weekly_digest', digest.facts, digest.week) as due
        from page
        inner join private.email_recipients as reader on page.user_id = reader.user_id
        cross join lateral private.weekly_digest(page.user_id, reader.timezone, p_now) as digest
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
is where the next page begins, null after the last page.
Security definer because service_role has no grant to write emails.';
grant execute on function public.record_weekly_digests to service_role;
