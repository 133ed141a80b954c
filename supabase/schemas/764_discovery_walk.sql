create function private.discovery_limits(
    -- Of the list.
    out most_listed integer,
    -- Of the walk: enough candidates; profiles to look at, and so many more if few fit.
    out most_kept integer,
    out most_scanned integer,
    out few integer,
    out most_scanned_for_few integer,
    -- Of fairness: shown a day to others, and others a day to one viewer.
    out most_shown integer,
    out most_looked_at integer,
    -- A profile is new for so long, until it has been shown so often, and has one place in so many.
    out new_for interval,
    out new_until_shown integer,
    out slot_of_new integer
)
language sql
immutable
set search_path = ''
as $$
    select 500, 200, 3000, 50, 20000, 60, 300, interval '14 days', 100, 10;
$$;
comment on function private.discovery_limits is
'Where discovery stops. docs/benchmarks.md has what other numbers cost and find.';

create view private.kept_apart with (security_invoker = true) as
-- One branch for each index in which a pair is looked up.
select
    given.user_id,
    given.liked_id as other_id
from public.likes as given
union all
select
    given.user_id,
    given.passed_id as other_id
from public.passes as given
where given.until > now()
union all
select
    received.passed_id as user_id,
    received.user_id as other_id
from public.passes as received
where received.until > now()
union all
select
    block.user_id,
    block.blocked_id as other_id
from private.blocks as block
union all
select
    block.blocked_id as user_id,
    block.user_id as other_id
from private.blocks as block;
comment on view private.kept_apart is
'Users, and others whom discovery does not show them: whom they liked or passed on, who passed on
them, and blocks either way.';

create view private.matched_pairs with (security_invoker = true) as
select
    least(pair.user1_id, pair.user2_id) as first_id,
    greatest(pair.user1_id, pair.user2_id) as second_id
from public.wingman_matches as pair
where
    pair.status in ('pending', 'accepted')
    and private.match_status(pair) <> 'expired'
union all
select
    least(pair.user1_id, pair.user2_id) as first_id,
    greatest(pair.user1_id, pair.user2_id) as second_id
from public.wingman_matches as pair
where pair.status = 'ended';
comment on view private.matched_pairs is
'Pairs with a match, an open invitation, or a match that has ended.';

create function private.metres_between(p_one extensions.geography, p_other extensions.geography)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
begin
    -- In one order, so that both read the same number.
    return case
        when p_one operator (extensions.<) p_other
            then extensions.st_distance(p_one, p_other, false)
        else extensions.st_distance(p_other, p_one, false)
    end;
end;
$$;

-- As those of 763_pair_score.sql.
create function private.stage_of_pair(
    p_viewer private.candidates, p_other private.candidates, p_metres double precision
)
returns integer
language sql
immutable
as $$
    -- The other's ages hold in every stage. A distance is wide or far for both alike.
    select case
        when p_viewer.age not between p_other.min_age and p_other.max_age
            or p_other.age not between p_viewer.min_age - 2 and p_viewer.max_age + 2
            then null
        when p_metres <= least(p_viewer.max_metres, p_other.max_metres)
            and p_other.age between p_viewer.min_age and p_viewer.max_age
            then 0
        when p_metres <= 2 * least(p_viewer.max_metres, p_other.max_metres) then 1
        else 2
    end;
$$;
comment on function private.stage_of_pair is
'The first stage in which the viewer sees the other one: 0 as both prefer, 1 wider, 2 anywhere. Null
if in none.';

create function private.walk(
    p_viewer private.candidates, out stage integer, out user_ids uuid[], out rested uuid[]
)
language plpgsql
stable
set search_path = ''
set jit = off
-- By the nested loops of these indexes, a limit ends the walk early.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_limits constant record := private.discovery_limits();
    -- Where to look, one after the other: how far, at how many, and for which stage.
    v_radii constant double precision[] := array[
        p_viewer.max_metres, p_viewer.max_metres, 2 * p_viewer.max_metres, 21e6
    ];
    v_most constant integer[] := array[
        v_limits.most_scanned,
        v_limits.most_scanned_for_few,
        v_limits.most_scanned_for_few,
        v_limits.most_scanned
    ];
    v_stages constant integer[] := array[0, 0, 1, 2];
    v_today constant date := (now() at time zone 'UTC')::date;
    v_cell constant extensions.geography := p_viewer.cell;
    v_traits constant private.dog_traits := private.traits_of(p_viewer);
    v_scanned bigint;
    v_best record;
begin
    for v_try in 1..4 loop
        stage := 3;
        user_ids := '{}';
        rested := '{}';
        for v_best in
            with scanned as materialized (
                select
                    known.user_id,
                    private.stage_of_pair(p_viewer, known, near.metres) as stage,
                    private.pair_score(
                        v_traits, private.traits_of(known), near.metres
                    ) as score
                from (
                    select
                        inhabited.cell,
                        private.metres_between(inhabited.cell, v_cell) as metres
                    from private.candidate_cells as inhabited
                    where extensions.st_dwithin(inhabited.cell, v_cell, v_radii[v_try], false)
                    order by inhabited.cell operator (extensions.<->) v_cell
                    limit v_most[v_try]
                ) as near
                inner join private.candidates as known
                    on near.cell operator (extensions.=) known.cell
                limit v_most[v_try]
            )

            select
                counted.scanned,
                fit.*
            from (select count(*) as scanned from scanned) as counted
            left join lateral (
                select
                    best.user_id,
                    best.stage,
                    (
                        select seen.shown
                        from private.exposures as seen
                        where seen.user_id = best.user_id and seen.counted_on = v_today
                    ) as shown
                from (
                    select
                        one.user_id,
                        one.stage
                    from scanned as one
                    where one.stage is not null and one.user_id <> p_viewer.user_id
                    order by one.stage, one.score desc, one.user_id
                    -- Sorted first: only so many are looked up below as the loop takes.
                    offset 0
                ) as best
                where not exists (
                        select
                        from private.kept_apart as pair
                        where pair.user_id = p_viewer.user_id and pair.other_id = best.user_id
                        -- A pair, and not all that the viewer has swiped.
                        offset 0
                    )
                    and not exists (
                        select
                        from private.matched_pairs as pair
                        where pair.first_id = least(p_viewer.user_id, best.user_id)
                            and pair.second_id = greatest(p_viewer.user_id, best.user_id)
                        offset 0
                    )
            ) as fit on true
        loop
            v_scanned := v_best.scanned;
            -- No one, or no more of the best stage.
            exit when v_best.stage is null or v_best.stage > stage;
            stage := v_best.stage;
            if coalesce(v_best.shown, 0) < v_limits.most_shown then
                user_ids := user_ids || v_best.user_id;
            elsif cardinality(rested) < v_limits.most_kept then
                rested := rested || v_best.user_id;
            end if;
            exit when cardinality(user_ids) >= v_limits.most_kept;
        end loop;
        exit when v_try > 1 and v_scanned = v_most[v_try];
        exit when stage <= v_stages[v_try]
            and (
                v_try > 1
                or v_scanned < v_most[v_try]
                or cardinality(user_ids) >= v_limits.few
            );
    end loop;
    stage := least(stage, 2);
end;
$$;
comment on function private.walk is
'From the viewer''s cell outward, and then by score: the candidates of the first stage that has any,
and apart from them those that were shown often enough today.';
