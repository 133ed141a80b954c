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
    select 500, 500, 5000, 50, 20000, 60, 300, interval '14 days', 100, 10;
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

create function private.stage_of_pair(
    p_viewer private.candidates, p_other private.candidates, p_metres double precision
)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
    -- The other's ages hold in every stage. A distance is wide or far for both alike.
    return case
        when p_viewer.age not between p_other.min_age and p_other.max_age
            or p_other.age not between p_viewer.min_age - 2 and p_viewer.max_age + 2
            then null
        when p_metres <= least(p_viewer.max_metres, p_other.max_metres)
            and p_other.age between p_viewer.min_age and p_viewer.max_age
            then 0
        when p_metres <= 2 * least(p_viewer.max_metres, p_other.max_metres) then 1
        else 2
    end;
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
-- The viewer is unlike the average, for which a generic plan is made.
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_limits constant record := private.discovery_limits();
    v_today constant date := (now() at time zone 'UTC')::date;
    v_cell constant extensions.geography := p_viewer.cell;
    v_near record;
    v_none constant integer := 3;
begin
    stage := v_none;
    user_ids := '{}';
    rested := '{}';
    for v_near in
        select
            near.place,
            near.user_id,
            near.metres,
            private.stage_of_pair(
                p_viewer, near.found, private.metres_between(near.cell, v_cell)
            ) as stage,
            (
                select seen.shown
                from private.exposures as seen
                where seen.user_id = near.user_id and seen.counted_on = v_today
            ) as shown
        from (
            select
                nearest.*,
                row_number() over () as place
            from (
                select
                    known as found,
                    known.user_id,
                    known.age,
                    known.min_age,
                    known.max_age,
                    known.cell,
                    known.cell operator (extensions.<->) v_cell as metres
                from private.candidates as known
                -- By this alone, or the index is not read in its order.
                order by known.cell operator (extensions.<->) v_cell
                limit v_limits.most_scanned_for_few
            ) as nearest
        ) as near
        where near.age between p_viewer.min_age - 2 and p_viewer.max_age + 2
            and p_viewer.age between near.min_age and near.max_age
            and near.user_id <> p_viewer.user_id
            and not exists (
                select
                from private.kept_apart as pair
                where pair.user_id = p_viewer.user_id and pair.other_id = near.user_id
                -- So that a pair is looked up, and not all that the viewer has swiped.
                offset 0
            )
            and not exists (
                select
                from private.matched_pairs as pair
                where pair.first_id = least(p_viewer.user_id, near.user_id)
                    and pair.second_id = greatest(p_viewer.user_id, near.user_id)
                offset 0
            )
    loop
        -- Beyond its radius there is no more of the stage.
        exit when stage < 2 and v_near.metres > p_viewer.max_metres * (stage + 1);
        -- Enough, unless this may still be within the radius of a better stage.
        exit when (stage = 0 or v_near.metres > p_viewer.max_metres * stage)
            and cardinality(user_ids) >= case
                when v_near.place > v_limits.most_scanned then v_limits.few
                else v_limits.most_kept
            end;
        continue when v_near.stage > stage;
        if v_near.stage < stage then
            stage := v_near.stage;
            user_ids := '{}';
            rested := '{}';
        end if;
        if coalesce(v_near.shown, 0) < v_limits.most_shown then
            user_ids := user_ids || v_near.user_id;
        elsif cardinality(rested) < v_limits.most_kept then
            rested := rested || v_near.user_id;
        end if;
    end loop;
    stage := least(stage, 2);
end;
$$;
comment on function private.walk is
'From the viewer''s cell outward: the candidates of the first stage that has any, and apart from
them those that were shown often enough today.';
