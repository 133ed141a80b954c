create function private.give_up_old_groups(p_limit integer)
returns void
language sql
set search_path = ''
as $$
    update public.email_logs as email
    set
        delivery_status = 'unknown',
        lease_token = null,
        lease_expires_at = null,
        error_message = 'no answer from the provider within 20 hours'
    where email.id in (
        select old.id
        from public.email_logs as old
        where old.send_group is not null
            and old.group_started_at <= now() - interval '20 hours'
            and old.claimable_at is not null
            -- A worker that still holds the lease will report the outcome.
            and (old.delivery_status = 'pending' or old.lease_expires_at <= now())
        order by old.group_started_at
        limit p_limit
        for update skip locked
    );
$$;
comment on function private.give_up_old_groups is
'Settles groups as unknown that got no answer from the provider within 20 h. The provider forgets
idempotency keys after 24 h, so sending again could deliver a second copy.';
grant execute on function private.give_up_old_groups to service_role;

create function private.settle_expired_account_emails(p_limit integer)
returns void
language sql
set search_path = ''
as $$
    update public.email_logs as email
    set
        delivery_status = 'skipped',
        lease_token = null,
        lease_expires_at = null,
        error_message = 'no_longer_useful'
    where email.id in (
        select expired.id
        from public.email_logs as expired
        where expired.account_id is not null
            and expired.claimable_at <= now()
            and (expired.template_data ->> 'expires_at')::timestamptz <= now()
        limit p_limit
        for update skip locked
    );
$$;
comment on function private.settle_expired_account_emails is
'Settles emails whose token has expired, also in a paused lane: that erases the token.';
grant execute on function private.settle_expired_account_emails to service_role;

create function private.hand_out_send_groups(p_priority text, p_limit integer)
returns setof uuid
language sql
rows 1000
set search_path = ''
as $$
    with
    due as materialized (
        select email.id
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is not null
            and email.claimable_at <= now()
            and (email.enqueued_at is null or email.enqueued_at <= now() - interval '2 minutes')
        order by email.claimable_at
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update public.email_logs as email
        set enqueued_at = now()
        from due
        where email.id = due.id
        returning email.id, email.claimable_at
    )

    select handed_out.id from handed_out order by handed_out.claimable_at, handed_out.id;
$$;
grant execute on function private.hand_out_send_groups to service_role;

create function private.hand_out_new_emails(p_priority text, p_limit integer)
returns setof uuid
language sql
rows 1000
set search_path = ''
as $$
    with
    due as materialized (
        select email.id
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is null
            and email.claimable_at <= now()
            and (email.enqueued_at is null or email.enqueued_at <= now() - interval '2 minutes')
            and email.id not in (
                select unnest(lease.email_ids)
                from private.email_leases as lease
                where lease.expires_at > now()
            )
        order by email.claimable_at, email.id
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update public.email_logs as email
        set enqueued_at = now()
        from due
        where email.id = due.id
        returning email.id, email.claimable_at
    )

    select handed_out.id from handed_out order by handed_out.claimable_at, handed_out.id;
$$;
grant execute on function private.hand_out_new_emails to service_role;

create function public.sweep_emails(p_limit integer)
returns table (id uuid, priority text)
language plpgsql
set search_path = ''
as $$
declare
    v_lane text;
    v_left integer := p_limit;
    v_found integer;
begin
    perform private.give_up_old_groups(p_limit);
    perform private.settle_expired_account_emails(p_limit);
    for v_lane in
        select lane.priority
        from private.email_lanes as lane
        where coalesce(lane.paused_until <= now(), true)
        order by lane.priority desc
    loop
        return query
        select
            found_group,
            v_lane
        from private.hand_out_send_groups(v_lane, v_left) as found_group;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;

        return query
        select
            found_email,
            v_lane
        from private.hand_out_new_emails(v_lane, v_left) as found_email;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;
    end loop;
end;
$$;
comment on function public.sweep_emails is
'Due emails without a queue message (after a lost enqueue, a retry or an expired lease), urgent ones
first, and none of a paused lane.';
grant execute on function public.sweep_emails to service_role;

create function public.prune_email_logs(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_oldest timestamptz;
    v_pruned integer;
begin
    select now() - make_interval(days => settings.email_log_days) into v_oldest
    from private.app_settings as settings;
    delete from public.email_logs as email
    where email.id in (
        select old.id
        from public.email_logs as old
        where old.created_at < v_oldest and old.claimable_at is null
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    -- Supabase Auth may have undone the sign-up that it asked an email for.
    delete from public.email_logs as email
    where email.account_id is not null
        and email.created_at < now() - interval '1 day'
        and email.claimable_at is null
        and not exists (select 1 from auth.users as account where account.id = email.account_id);
    -- The provider repeats an event for a few days at most.
    delete from private.email_events as event
    where event.id in (
        select old.id
        from private.email_events as old
        where old.received_at < now() - interval '30 days'
        order by old.received_at
        limit p_limit
        for update skip locked
    );
    delete from private.lifted_suppressions as lifted
    where lifted.lifted_at < now() - interval '30 days';
    return v_pruned;
end;
$$;
comment on function public.prune_email_logs is
'Deletes up to p_limit settled emails older than app_settings.email_log_days, and as many old event
ids. Security definer because service_role has no grant to delete them.';
grant execute on function public.prune_email_logs to service_role;
