-- A reader is found by one page of a hash index and the row, however many readers there are; the
-- tree of a key has two or three pages above the row.
create index if not exists user_profiles_id_hash
on public.user_profiles using hash (id);
create index if not exists email_preferences_user_id_hash
on public.email_preferences using hash (user_id);

-- Both functions looked for open groups by their age: with hardly any open, that index seems the
-- cheapest, and holds what was settled since the last vacuum. Put this way round, it cannot serve.
create or replace function private.longest_due_group(p_priority text, p_before timestamptz)
returns uuid
language sql
stable
set search_path = ''
as $$
    select mail.send_group
    from public.email_logs as mail
    where mail.priority = p_priority
        and mail.send_group is not null
        and mail.claimable_at <= p_before
        and mail.group_started_at + interval '20 hours' > now()
    order by mail.claimable_at
    limit 1;
$$;

create or replace function private.lease_send_groups(
    p_groups uuid[], p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    -- Past 20 h the provider may soon forget the idempotency key: never sent again.
    locked as materialized (
        select
            mail.id,
            mail.send_group
        from public.email_logs as mail
        where mail.send_group = any(p_groups)
            and mail.claimable_at <= now()
            and mail.group_started_at + interval '20 hours' > now()
            and mail.priority in (
                select lane.priority
                from private.email_lanes as lane
                where coalesce(lane.paused_until <= now(), true)
            )
        for update of mail skip locked
    ),

    -- All unsettled mails of a group, or none.
    whole as (
        select locked.send_group
        from locked
        group by locked.send_group
        having count(*) = (
            select count(*)
            from public.email_logs as member
            where member.send_group = locked.send_group and member.claimable_at is not null
        )
    )

    update public.email_logs as claimed
    set
        delivery_status = 'sending',
        lease_token = p_token,
        lease_expires_at = p_expires_at,
        enqueued_at = null
    from locked
    where claimed.id = locked.id
        and locked.send_group in (select whole.send_group from whole)
    returning claimed.*;
$$;
