create function public.form_send_group(
    p_lease_token uuid, p_ids uuid[], p_addresses text[] default null
)
returns table (id uuid, send_group uuid)
language plpgsql
rows 100
set search_path = ''
as $$
declare
    v_group constant uuid := gen_random_uuid();
    v_lease private.email_leases;
begin
    select lease.* into v_lease
    from private.email_leases as lease
    where lease.token = p_lease_token and lease.expires_at > clock_timestamp()
    for update;
    if not found then
        return;
    end if;

    update private.email_leases as lease
    set email_ids = array(
        select held.id from unnest(v_lease.email_ids) as held (id) where held.id <> all(p_ids)
    )
    where lease.token = p_lease_token;

    return query
    with
    held as materialized (
        select email.id
        from public.email_logs as email
        where email.id = any(p_ids)
            and email.id = any(v_lease.email_ids)
            and email.delivery_status = 'pending'
            and email.send_group is null
        -- A locked email is being cancelled or settled.
        for update skip locked
    ),

    places as (
        select
            held.id,
            row_number() over (order by array_position(p_ids, held.id)) - 1 as place
        from held
    ),

    grouped as (
        update public.email_logs as email
        set
            delivery_status = 'sending',
            lease_token = p_lease_token,
            lease_expires_at = v_lease.expires_at,
            enqueued_at = null,
            recipient_email = coalesce(
                p_addresses[array_position(p_ids, email.id)], email.recipient_email
            ),
            send_group = v_group,
            group_position = places.place,
            group_started_at = now()
        from places
        where email.id = places.id
        returning email.id, email.group_position
    )

    select
        grouped.id,
        v_group
    from grouped
    order by grouped.group_position;
end;
$$;
comment on function public.form_send_group is
'Fixes one provider request: its emails, their order and their addresses (p_addresses, one for each
of p_ids). It takes the emails that the worker still leases and that were not cancelled, and none
once the lease is lost.';
grant execute on function public.form_send_group to service_role;

create function public.collect_emails(
    p_lease_token uuid, p_into uuid, p_ids uuid[], p_also jsonb
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_lease private.email_leases;
begin
    select lease.* into v_lease
    from private.email_leases as lease
    where lease.token = p_lease_token and lease.expires_at > clock_timestamp()
    for update;
    if not found or not v_lease.email_ids @> (p_ids || p_into) then
        return false;
    end if;

    perform
    from public.email_logs as email
    where email.id = any(p_ids || p_into)
        and email.delivery_status = 'pending'
        and email.send_group is null
    order by email.id
    for update;
    if (
        select count(*)
        from public.email_logs as email
        where email.id = any(p_ids || p_into) and email.delivery_status = 'pending'
    ) <> cardinality(p_ids) + 1 then
        return false;
    end if;

    update public.email_logs as email
    set template_data = email.template_data || jsonb_build_object('also', p_also)
    where email.id = p_into;
    update public.email_logs as email
    set
        delivery_status = 'skipped',
        error_message = 'collected',
        enqueued_at = null
    where email.id = any(p_ids);
    update private.email_leases as lease
    set email_ids = array(
        select held.id from unnest(v_lease.email_ids) as held (id) where held.id <> all(p_ids)
    )
    where lease.token = p_lease_token;
    return true;
end;
$$;
comment on function public.collect_emails is
'Puts what leased emails say into another one of the lease (p_also), and settles them. False, with
nothing changed, once the lease is lost or one of them was settled.';
grant execute on function public.collect_emails to service_role;

create function private.status_after(
    p_email public.email_logs,
    p_outcome text,
    p_retry_at timestamptz,
    p_keep boolean,
    p_counts boolean
)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        -- A webhook or a cancellation has settled it, and knows more.
        when p_email.claimable_at is null then p_email.delivery_status
        when p_outcome in ('sent', 'failed', 'unknown', 'skipped', 'suppressed') then p_outcome
        when p_outcome <> 'retry' then null
        when p_keep and p_retry_at > p_email.group_started_at + interval '20 hours' then 'unknown'
        when p_counts and not p_keep
            and p_retry_at > coalesce(p_email.first_failed_at, now()) + interval '20 hours'
            then 'failed'
        else 'pending'
    end;
$$;
comment on function private.status_after is
'The status after an outcome. Retries end after 20 h: in failed, a dead letter, or in unknown if the
provider may have accepted the email. Null for an unknown outcome, which the column refuses.';
grant execute on function private.status_after to service_role;

create function public.complete_emails(p_lease_token uuid, p_results jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held uuid[];
    v_reported uuid[];
begin
    select lease.email_ids into v_held
    from private.email_leases as lease
    where lease.token = p_lease_token
    for update;

    with
    results as materialized (
        select
            result.*,
            coalesce(result.keep_group, false) as keeps,
            -- The emails of one request are repeated together, so all wait for the last one.
            case
                when result.keep_group
                    then max(result.retry_at) over (partition by result.keep_group)
                else result.retry_at
            end as next_at
        from jsonb_to_recordset(p_results) as result (
            id uuid,
            outcome text,
            resend_message_id text,
            subject text,
            error text,
            retry_at timestamptz,
            keep_group boolean,
            counts boolean,
            postponed boolean
        )
    ),

    -- Locks in one order, so that two reports of the same emails cannot deadlock.
    held as materialized (
        select
            email.id,
            result.outcome,
            result.resend_message_id,
            result.subject,
            result.error,
            result.next_at,
            coalesce(result.postponed, false) as postponed,
            private.status_after(
                email.*, result.outcome, result.next_at, result.keeps, coalesce(result.counts, true)
            ) as next_status,
            email.claimable_at is not null as is_open,
            email.claimable_at is not null
            and result.outcome = 'retry'
            and coalesce(result.counts, true) as counts,
            email.claimable_at is not null
            and result.outcome = 'retry'
            and not result.keeps as leaves_group
        from public.email_logs as email
        inner join results as result on email.id = result.id
        where email.lease_token = p_lease_token
            or (
                email.id = any(v_held)
                and email.delivery_status = 'pending'
                and email.send_group is null
            )
        order by email.id
        for update of email
    ),

    reported as (
        update public.email_logs as email
        set
            delivery_status = held.next_status,
            lease_token = null,
            lease_expires_at = null,
            enqueued_at = null,
            subject = coalesce(held.subject, email.subject),
            error_message = case when held.is_open then held.error else email.error_message end,
            resend_message_id = coalesce(held.resend_message_id, email.resend_message_id),
            sent_at = case when held.outcome = 'sent' then now() else email.sent_at end,
            due_at = case when held.next_status = 'pending' then held.next_at else email.due_at end,
            first_due_at = case
                when held.next_status <> 'pending' then email.first_due_at
                when not held.postponed then coalesce(email.first_due_at, email.due_at)
            end,
            retry_count = email.retry_count + held.counts::integer,
            first_failed_at = case
                when held.counts then coalesce(email.first_failed_at, now())
                else email.first_failed_at
            end,
            send_group = case when not held.leaves_group then email.send_group end,
            group_position = case when not held.leaves_group then email.group_position end,
            group_started_at = case when not held.leaves_group then email.group_started_at end
        from held
        where email.id = held.id
        returning email.id
    )

    select coalesce(array_agg(reported.id), '{}') into v_reported from reported;

    update private.email_leases as lease
    set email_ids = array(
        select held.id from unnest(lease.email_ids) as held (id) where held.id <> all(v_reported)
    )
    where lease.token = p_lease_token;
    delete from private.email_leases as lease
    where lease.token = p_lease_token and lease.email_ids = '{}';
    return cardinality(v_reported);
end;
$$;
comment on function public.complete_emails is
'Settles leased emails or puts them back. A worker that has lost its lease changes nothing.';
grant execute on function public.complete_emails to service_role;
