create function public.show_backlog()
returns table (
    name text, waiting bigint, oldest_seconds double precision, paused text
)
language sql
stable
security definer
set search_path = ''
as $$
    select
        work.name,
        count(work.since),
        extract(epoch from now() - min(work.since))::double precision,
        case
            when work.name = 'pushes' then (
                select pause.reason
                from private.push_pause as pause
                where pause.paused_until > now()
            )
        end
    from (
        select 'pushes' as name, push.claimable_at as since
        from private.pushes as push
        where push.claimable_at <= now()
        union all
        select 'notifications' as name, listed.due_at as since
        from public.notifications as listed
        where listed.seq is null and listed.due_at <= now()
        union all
        select
            'photos' as name,
            -- The time by which the sweep should have settled it.
            case photo.status
                when 'rejected' then photo.settled_at + interval '1 day'
                else coalesce(photo.lease_expires_at, photo.created_at + interval '1 hour')
            end as since
        from public.photos as photo
        where photo.status <> 'ready'
            and (private.photo_failed(photo) or private.photo_over(photo))
        union all
        select 'objects' as name, doomed.doomed_at as since
        from private.doomed_objects as doomed
        union all
        select 'ended sessions' as name, ended.ended_at as since
        from private.ended_sessions as ended
        union all
        select 'departures' as name, departed.left_at as since
        from private.departures as departed
        union all
        select 'reports' as name, report.created_at as since
        from private.reports as report
        where report.decision is null
        union all
        -- A row for each name, also if nothing waits.
        select
            known.name,
            null as since
        from unnest(
            array[
                'pushes', 'notifications', 'photos', 'objects', 'ended sessions', 'departures',
                'reports'
            ]
        ) as known (name)
    ) as work
    group by work.name
    order by work.name;
$$;
comment on function public.show_backlog is
'The work of each kind that waits, since when, and why it is paused: for operators.
Security definer because service_role has no grant on most of it.';
grant execute on function public.show_backlog to service_role;
