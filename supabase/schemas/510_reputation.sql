create table private.past_outcomes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    counts_as text not null,
    counted_at timestamptz not null,
    constraint past_outcomes_known check (counts_as in ('completed', 'no_show'))
);
comment on table private.past_outcomes is
'What sessions with users who deleted their accounts count for the others.';

create index past_outcomes_of_user
on private.past_outcomes (user_id, counts_as);

alter table private.past_outcomes enable row level security;

-- Without a search_path, so that PostgreSQL inlines it.
create function private.utc_day(p_time timestamptz)
returns date
language sql
immutable
as $$
    select (p_time at time zone 'UTC')::date;
$$;
comment on function private.utc_day is
'The day of a meeting. Of the completed meetings of a pair, one counts for each day.';

-- In PL/pgSQL, which keeps its plan: in SQL, it is planned again for each list and page.
create function private.reputations_of(p_user_ids uuid[])
returns table (user_id uuid, completed_sessions bigint, no_shows bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        counted.user_id,
        -- Of meetings with deleted accounts, each counts.
        count(*) filter (where counted.counts_as = 'completed' and counted.partner_id is not null)
        + coalesce(
            sum(counted.meetings) filter (
                where counted.counts_as = 'completed' and counted.partner_id is null
            ),
            0
        )::bigint,
        coalesce(
            sum(counted.meetings) filter (where counted.counts_as = 'no_show'), 0
        )::bigint
    from (
        -- One for each partner and day. Grouped, because count(distinct …) sorts for each user.
        select
            met.user_id,
            met.counts_as,
            met.partner_id,
            count(*) as meetings
        from (
            select
                as_user1.user1_id as user_id,
                as_user1.user1_counts_as as counts_as,
                as_user1.user2_id as partner_id,
                as_user1.scheduled_time
            from public.wingman_sessions as as_user1
            where as_user1.user1_id = any(p_user_ids) and as_user1.user1_counts_as is not null
            union all
            select
                as_user2.user2_id as user_id,
                as_user2.user2_counts_as as counts_as,
                as_user2.user1_id as partner_id,
                as_user2.scheduled_time
            from public.wingman_sessions as as_user2
            where as_user2.user2_id = any(p_user_ids) and as_user2.user2_counts_as is not null
            union all
            select
                past.user_id,
                past.counts_as,
                null as partner_id,
                null as scheduled_time
            from private.past_outcomes as past
            where past.user_id = any(p_user_ids)
        ) as met
        group by met.user_id, met.counts_as, met.partner_id, private.utc_day(met.scheduled_time)
    ) as counted
    group by counted.user_id;
end;
$$;
comment on function private.reputations_of is
'Completed meetings and no-shows of those who have any.';

create function private.reputation_totals_of(p_user_ids uuid[])
returns table (user_id uuid, totals jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        asked.user_id,
        jsonb_build_object(
            'completed_sessions', coalesce(counted.completed_sessions, 0),
            'no_shows', coalesce(counted.no_shows, 0)
        )
    from unnest(p_user_ids) as asked (user_id)
    left join private.reputations_of(p_user_ids) as counted on asked.user_id = counted.user_id;
end;
$$;
comment on function private.reputation_totals_of is
'Completed meetings and no-shows; wingman/reputation/rules.py makes the score of them.';

create function private.reputation_totals(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select found.totals from private.reputation_totals_of(array[p_user_id]) as found
    );
end;
$$;

create function private.kept_from(p_user_id uuid)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
    v_user_ids uuid[];
begin
    if private.is_hidden(p_user_id) or private.is_banned(p_user_id) then
        return null;
    end if;
    v_user_ids := array(
        select mine.blocked_id from private.blocks as mine where mine.user_id = p_user_id
        union
        select theirs.user_id from private.blocks as theirs where theirs.blocked_id = p_user_id
        limit 101
    );
    return case when cardinality(v_user_ids) <= 100 then v_user_ids end;
end;
$$;
comment on function private.kept_from is
'The users for whom a user does not exist because of a block, for a cache that all users share. Null
if that is no short list: then each one is to ask.';

create function public.get_reputation(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.exists_for(private.caller_id(), p_user_id) then
        raise exception 'not_found' using errcode = 'WR001';
    end if;
    return private.reputation_totals(p_user_id)
        || jsonb_build_object('kept_from', private.kept_from(p_user_id));
end;
$$;
comment on function public.get_reputation is
'Totals of any user, for everyone who is signed in.
Security definer because users have no grant on sessions. Only the totals leave.';
grant execute on function public.get_reputation to authenticated;

create function private.export_reputation(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select private.reputation_totals(p_user_id) || jsonb_build_object(
        'with_deleted_accounts', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'counts_as', past.counts_as,
                        'counted_at', private.iso_utc(past.counted_at)
                    )
                    order by past.counted_at
                ),
                '[]'::jsonb
            )
            from private.past_outcomes as past
            where past.user_id = p_user_id
        )
    );
$$;
