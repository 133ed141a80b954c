-- A mail between two tries was nowhere in the age of its lane, and after a try it was new again.
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
        coalesce(extract(epoch from now() - least(waiting.since, retried.since, sent.since)), 0),
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
            min(due.since) as since
        from private.waiting_since(lane.priority, 100000) as due (since)
    ) as waiting
    cross join lateral (
        select min(mail.first_due_at) as since
        from public.email_logs as mail
        where mail.priority = lane.priority
            and mail.first_due_at is not null
            and mail.claimable_at is not null
    ) as retried
    -- Whoever sends them may have died: a lease that was renewed says nothing about their age.
    cross join lateral (
        select min(mail.due_at) as since
        from public.email_logs as mail
        where mail.priority = lane.priority
            and mail.send_group is not null
            and mail.claimable_at is not null
            and mail.delivery_status = 'sending'
    ) as sent
    cross join lateral (
        select case when lane.paused_until > now() then lane.paused_until end as until
    ) as pause
    order by lane.priority desc;
$$;
comment on function public.show_lanes() is
'What an operator watches, urgent first: how many mails are due (counted up to 100 000 new ones and
as many repeated ones), how long the oldest of all that are due or being retried has waited, how
many are at the provider, and whether the lane is paused.';
