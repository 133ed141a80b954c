create or replace function private.waiting_since(p_priority text, p_limit integer)
returns setof timestamptz
language sql
stable
rows 1000
set search_path = ''
as $$
    (
        select mail.claimable_at
        from public.email_logs as mail
        where mail.priority = p_priority
            and mail.send_group is null
            and mail.claimable_at <= now()
        order by mail.claimable_at
        limit p_limit
    )
    union all
    (
        select mail.claimable_at
        from public.email_logs as mail
        where mail.priority = p_priority
            and mail.send_group is not null
            and mail.claimable_at <= now()
        order by mail.claimable_at
        limit p_limit
    );
$$;
comment on function private.waiting_since(text, integer) is
'Since when the due mails of a lane have waited, new ones and those to be repeated, the longest
waiting of each.';

create or replace function public.show_lanes()
returns table (
    priority text,
    depth integer,
    oldest_seconds double precision,
    sending integer,
    paused_until timestamptz,
    paused_reason text
)
language sql
stable
set search_path = ''
as $$
    select
        lane.priority,
        waiting.depth,
        waiting.oldest_seconds,
        (
            select count(*)::integer
            from public.email_logs as mail
            where mail.priority = lane.priority
                and mail.send_group is not null
                and mail.claimable_at > now()
                and mail.delivery_status = 'sending'
        ),
        pause.until,
        case when pause.until is not null then lane.paused_reason end
    from private.email_lanes as lane
    cross join lateral (
        select
            count(*)::integer as depth,
            coalesce(extract(epoch from now() - min(due.since)), 0) as oldest_seconds
        from private.waiting_since(lane.priority, 100000) as due (since)
    ) as waiting
    cross join lateral (
        select case when lane.paused_until > now() then lane.paused_until end as until
    ) as pause
    order by lane.priority desc;
$$;
comment on function public.show_lanes() is
'What an operator watches, urgent first: how many mails are due (counted up to 100 000 new ones and
as many repeated ones), for how long, how many are at the provider, and whether the lane is paused.';

revoke all on function private.waiting_since(text, integer)
from public, anon, authenticated, service_role;
revoke all on function public.show_lanes() from public, anon, authenticated, service_role;
grant execute on function private.waiting_since(text, integer) to service_role;
grant execute on function public.show_lanes() to service_role;
