create table private.departures (
    user_id uuid primary key,
    left_at timestamptz not null default now(),
    partner_ids uuid[] not null
);
comment on table private.departures is
'Deleted accounts whose keys in Redis are still to be deleted: for a minute or two.';

alter table private.departures enable row level security;

create function private.lasting_outcome(
    p_session public.wingman_sessions, p_user_id uuid
)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        -- The user can no longer contradict the report.
        when p_session.status = 'no_show' and now() <= p_session.scheduled_time + interval '168 hours'
            and counted.counts_as = 'no_show'
            then null
        when p_session.status <> 'scheduled' then counted.counts_as
        when
            not p_user_id = any(p_session.no_show_user_ids)
            and (
                p_session.user1_completed_confirmed_by_user2
                or p_session.user2_completed_confirmed_by_user1
            )
            then 'completed'
    end
    from (
        select case p_user_id
            when p_session.user1_id then p_session.user1_counts_as
            else p_session.user2_counts_as
        end as counts_as
    ) as counted;
$$;
comment on function private.lasting_outcome is
'How a session counts for a user when the other one leaves. If it is open, what was said counts as
after its end, but a report that could still be contradicted does not.';

create function private.outlive_session()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    v_survivor uuid;
    v_outcome text;
begin
    for v_survivor in
        select profile.id
        from public.user_profiles as profile
        where profile.id in (old.user1_id, old.user2_id)
    loop
        v_outcome := private.lasting_outcome(old, v_survivor);
        -- Of the completed sessions of a pair and day, the last to be deleted leaves its outcome.
        if v_outcome = 'no_show' or (
            v_outcome = 'completed'
            and not exists (
                select 1
                from public.wingman_sessions as other
                where other.id <> old.id
                    and (other.user1_id, other.user2_id) in (
                        (old.user1_id, old.user2_id), (old.user2_id, old.user1_id)
                    )
                    and private.utc_day(other.scheduled_time) = private.utc_day(old.scheduled_time)
                    and private.lasting_outcome(other, v_survivor) = 'completed'
            )
        ) then
            insert into private.past_outcomes (user_id, counts_as, counted_at)
            values (v_survivor, v_outcome, coalesce(old.completed_at, old.updated_at));
        end if;
        if old.status = 'scheduled' and old.scheduled_time > now() - interval '1 hour' then
            perform private.notify(
                v_survivor,
                'session_called_off',
                jsonb_build_object('scheduled_time', private.iso_utc(old.scheduled_time)),
                -- A session is deleted once, and its id would stay.
                gen_random_uuid()::text
            );
        end if;
    end loop;
    return old;
end;
$$;
comment on function private.outlive_session is
'Deleting an account deletes its sessions. The other user keeps what they count, and hears that a
meeting which is not over is off.';

create trigger outlive_session
before delete on public.wingman_sessions
for each row execute function private.outlive_session();

create function private.forget_digests(p_user_id uuid, p_partner_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The hourly job records the digest of the week again.
    delete from public.email_logs as email
    where email.user_id = any(p_partner_ids)
        and email.email_template = 'weekly_digest'
        and (
            email.template_data -> 'partner_ids' ? p_user_id::text
            or email.template_data -> 'inviter_ids' ? p_user_id::text
        )
        and email.claimable_at is not null
        and email.send_group is null;
    update public.email_logs as email
    set
        template_data = '{}',
        subject = null,
        delivery_status = case
            when email.claimable_at is null then email.delivery_status else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where email.user_id = any(p_partner_ids)
        and email.email_template = 'weekly_digest'
        and (
            email.template_data -> 'partner_ids' ? p_user_id::text
            or email.template_data -> 'inviter_ids' ? p_user_id::text
        );
end;
$$;
comment on function private.forget_digests is
'Takes a user out of the digests of others: of those that were sent, and of those that were not.';

create function private.record_departure()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_match_ids uuid[];
    v_partner_ids uuid[];
begin
    -- Steps lock a match, then its session, and then they need the profiles of both. So does a
    -- deletion. A step that holds a session may still refer to its match, hence no key update.
    perform from public.wingman_matches as pair
    where old.id in (pair.user1_id, pair.user2_id)
    order by pair.id
    for no key update;
    perform from public.wingman_sessions as meeting
    where old.id in (meeting.user1_id, meeting.user2_id)
    order by meeting.id
    for update;

    select
        coalesce(array_agg(pair.id), '{}'),
        coalesce(
            array_agg(
                distinct case old.id when pair.user1_id then pair.user2_id else pair.user1_id end
            ),
            '{}'
        )
    into v_match_ids, v_partner_ids
    from public.wingman_matches as pair
    where old.id in (pair.user1_id, pair.user2_id);
    perform private.forget_digests(old.id, v_partner_ids);
    delete from private.idempotency_keys as stored
    where stored.user_id = any(v_partner_ids)
        and coalesce(
            stored.response #>> '{match,id}', stored.response #>> '{session,match_id}'
        ) = any(v_match_ids::text[]);
    delete from public.email_logs as email where email.account_id = old.id;
    insert into private.departures (user_id, partner_ids) values (old.id, v_partner_ids)
    on conflict (user_id) do nothing;
    return old;
end;
$$;
comment on function private.record_departure is
'Security definer because Supabase Auth deletes from auth.users and has no rights here.';

create trigger record_departure
before delete on auth.users
for each row execute function private.record_departure();

create function public.list_departures(p_limit integer)
returns table (user_id uuid, partner_ids uuid[])
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        departed.user_id,
        departed.partner_ids
    from private.departures as departed
    order by departed.left_at
    limit p_limit;
end;
$$;
comment on function public.list_departures is
'Deleted accounts whose keys in Redis are to be deleted, and the users who had matches with them.
Security definer because service_role has no grant on departures.';
grant execute on function public.list_departures to service_role;

create function public.finish_departures(p_user_ids uuid[])
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_finished integer;
begin
    -- A digest that was being recorded at the moment of the deletion may name the user.
    perform private.forget_digests(departed.user_id, departed.partner_ids)
    from private.departures as departed
    where departed.user_id = any(p_user_ids);
    delete from private.departures as departed where departed.user_id = any(p_user_ids);
    get diagnostics v_finished = row_count;
    return v_finished;
end;
$$;
comment on function public.finish_departures is
'Forgets deleted accounts whose keys in Redis are deleted.
Security definer because service_role has no grant on departures.';
grant execute on function public.finish_departures to service_role;
