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
language plpgsql
immutable
set search_path = ''
as $$
begin
    select 500, 200, 3000, 50, 20000, 60, 300, interval '14 days', 100, 10
    into
        most_listed,
        most_kept,
        most_scanned,
        few,
        most_scanned_for_few,
        most_shown,
        most_looked_at,
        new_for,
        new_until_shown,
        slot_of_new;
end;
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

create type private.walked as (
    user_id uuid,
    min_age smallint,
    max_age smallint,
    max_metres double precision,
    wanted_activity smallint,
    age smallint,
    activity smallint,
    metres double precision,
    is_new boolean
);
comment on type private.walked is
'A candidate and what the order of the list depends on, so that it is looked up once.';

create function private.walk(
    p_viewer private.candidates,
    out stage integer,
    out fitting private.walked[],
    out rested private.walked[]
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
    -- Read once: a look-up for each candidate costs more than all other steps of the walk.
    v_apart constant uuid[] := array(
        select pair.other_id from private.kept_apart as pair where pair.user_id = p_viewer.user_id
    );
    v_partners constant uuid[] := private.partners_of(p_viewer.user_id);
    v_scanned bigint;
    v_best record;
begin
    for v_try in 1..4 loop
        stage := 3;
        fitting := '{}';
        rested := '{}';
        for v_best in
            with scanned as materialized (
                select
                    known.user_id,
                    known.min_age,
                    known.max_age,
                    known.max_metres,
                    known.wanted_activity,
                    known.age,
                    known.activity,
                    near.metres,
                    private.stage_of_pair(p_viewer, known, near.metres) as stage
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
                    best.stage,
                    seen.shown,
                    row(
                        best.user_id,
                        best.min_age,
                        best.max_age,
                        best.max_metres,
                        best.wanted_activity,
                        best.age,
                        best.activity,
                        best.metres,
                        seen.is_new
                    )::private.walked as candidate
                from (
                    select one.*
                    from scanned as one
                    where one.stage is not null
                        and one.user_id <> p_viewer.user_id
                        and one.user_id not in (
                            select apart.user_id from unnest(v_apart) as apart (user_id)
                        )
                    order by
                        one.stage,
                        private.pair_score(
                            v_traits,
                            row(
                                one.min_age,
                                one.max_age,
                                one.max_metres,
                                one.wanted_activity,
                                one.age,
                                one.activity,
                                0,
                                0
                            )::private.dog_traits,
                            one.metres
                        ) desc,
                        one.user_id
                    -- Sorted first: only so many are looked up below as the loop takes.
                    offset 0
                ) as best
                cross join lateral (
                    select
                        case exposed.counted_on when v_today then exposed.shown else 0 end as shown,
                        exposed.shown_ever < v_limits.new_until_shown
                        and exposed.discoverable_since > now() - v_limits.new_for as is_new
                    from private.exposures as exposed
                    where exposed.user_id = best.user_id
                    offset 0
                ) as seen
                where best.user_id not in (
                        select partner.user_id from unnest(v_partners) as partner (user_id)
                    )
                    or not exists (
                        select
                        from private.matched_pairs as pair
                        where pair.first_id = least(p_viewer.user_id, best.user_id)
                            and pair.second_id = greatest(p_viewer.user_id, best.user_id)
                        offset 0
                    )
            ) as fit on true
        loop
            v_scanned := v_best.scanned;
            -- No user is left, or only users of a worse stage.
            exit when v_best.stage is null or v_best.stage > stage;
            stage := v_best.stage;
            if v_best.shown < v_limits.most_shown then
                fitting := fitting || v_best.candidate;
            elsif cardinality(rested) < v_limits.most_kept then
                rested := rested || v_best.candidate;
            end if;
            exit when cardinality(fitting) >= v_limits.most_kept;
        end loop;
        exit when v_try > 1 and v_scanned = v_most[v_try];
        exit when stage <= v_stages[v_try]
            and (
                v_try > 1
                or v_scanned < v_most[v_try]
                or cardinality(fitting) >= v_limits.few
            );
    end loop;
    stage := least(stage, 2);
end;
$$;
comment on function private.walk is
'From the viewer''s cell outward, and then by score: the candidates of the first stage that has any,
and apart from them those that were shown often enough today.';
