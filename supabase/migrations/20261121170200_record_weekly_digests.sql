create or replace function private.weekly_digest(
    p_user_id uuid, p_timezone text, p_now timestamptz
)
returns table (dedupe_key text, template_data jsonb)
language plpgsql
stable
rows 1
set search_path = ''
as $$
declare
    v_name text;
    v_first_day date;
    v_starts_at timestamptz;
    v_ends_at timestamptz;
    v_facts jsonb;
begin
    select * into v_name, v_first_day, v_starts_at, v_ends_at
    from private.last_week(p_timezone, p_now);
    dedupe_key := concat_ws(':', 'weekly_digest', p_user_id, v_name);
    -- In this order: most hours of a week end at the first step, most of Monday's at the second.
    if p_now >= v_ends_at + interval '48 hours'
        or exists (
            select 1 from public.email_logs as mail where mail.dedupe_key = weekly_digest.dedupe_key
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
    template_data := v_facts || jsonb_build_object(
        'first_day', v_first_day,
        'last_day', v_first_day + 6,
        'week_ends_at', private.iso_utc(v_ends_at)
    );
    return next;
end;
$$;
comment on function private.weekly_digest(uuid, text, timestamptz) is
'The digest of the week that ended last by the reader''s clock: no row when it was recorded before,
when it is older than two days, or when there is nothing to say.';

create or replace function public.record_weekly_digests(
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
        where wish.marketing_emails
            and (p_after is null or wish.user_id > p_after)
        order by wish.user_id
        limit p_limit
    ),

    recorded as (
        insert into public.email_logs as mail (
            user_id, email_template, recipient_email, template_data, dedupe_key, priority
        )
        select
            profile.id,
            'weekly_digest',
            profile.email,
            digest.template_data,
            digest.dedupe_key,
            'bulk'
        from page
        inner join public.user_profiles as profile on page.user_id = profile.id
        inner join private.email_wishes as wish on page.user_id = wish.user_id
        cross join lateral private.weekly_digest(profile.id, wish.timezone, p_now) as digest
        where profile.email is not null
        on conflict (dedupe_key) do nothing
        returning mail.id
    )

    select jsonb_build_object(
        'recorded', (select count(*) from recorded),
        'last', (
            select case when count(*) = p_limit then (array_agg(user_id order by user_id desc))[1] end
            from page
        )
    );
$$;
comment on function public.record_weekly_digests(uuid, integer, timestamptz) is
'Records the digests of one page of the readers who asked for them, once per reader and ISO week;
`last` is where the next page begins, null after the last one.
Security definer because service_role may write no mail by itself.';

revoke all on function private.weekly_digest(uuid, text, timestamptz)
from public, anon, authenticated, service_role;
revoke all on function public.record_weekly_digests(uuid, integer, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function public.record_weekly_digests(uuid, integer, timestamptz)
to service_role;
