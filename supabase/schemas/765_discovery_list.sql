create function private.ranked(
    p_viewer private.candidates, p_fitting private.walked[], p_rested private.walked[]
)
returns table (user_id uuid, score double precision, reasons jsonb)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = off
-- It reads some hundred rows of tables that may be large.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_limits constant record := private.discovery_limits();
    v_candidates constant private.walked[] := p_fitting || p_rested;
    v_traits private.dog_traits;
begin
    v_traits := (
        select private.traits_of(p_viewer, counted.completed_sessions, counted.no_shows)
        from (select) as viewer
        left join private.reputations_of(array[p_viewer.user_id]) as counted on true
    );
    return query
    with scored as (
        select
            other.user_id,
            private.pair_score(v_traits, other.traits, other.metres) as score,
            private.pair_reasons(v_traits, other.traits, other.metres) as reasons,
            other.place > cardinality(p_fitting) as rests,
            other.is_new
        from (
            select
                given.*,
                row(
                    given.min_age,
                    given.max_age,
                    given.max_metres,
                    given.wanted_activity,
                    given.age,
                    given.activity,
                    coalesce(counted.completed_sessions, 0),
                    coalesce(counted.no_shows, 0)
                )::private.dog_traits as traits
            from unnest(v_candidates) with ordinality as given (
                user_id,
                min_age,
                max_age,
                max_metres,
                wanted_activity,
                age,
                activity,
                metres,
                is_new,
                place
            )
            left join private.reputations_of(
                array(select candidate.user_id from unnest(v_candidates) as candidate)
            ) as counted on given.user_id = counted.user_id
        ) as other
    ),

    placed as (
        select
            scored.*,
            row_number() over (
                order by
                    scored.rests,
                    scored.score desc,
                    -- Equals are always in the same order, and in another one for each viewer.
                    md5(p_viewer.user_id::text || scored.user_id::text)
            ) as place
        from scored
    ),

    numbered as (
        select
            placed.*,
            placed.is_new and not placed.rests as has_slot,
            row_number() over (
                partition by placed.is_new and not placed.rests order by placed.place
            ) as place_of_kind
        from placed
    )

    select
        numbered.user_id,
        numbered.score,
        case
            when numbered.is_new then numbered.reasons || '["new_here"]' else numbered.reasons
        end
    from numbered
    -- By how many of the others come before. The first new one is fifth at least, the second one
    -- fifteenth, and so on.
    order by
        case
            when numbered.has_slot
                then least(
                    numbered.place - numbered.place_of_kind,
                    (v_limits.slot_of_new - 1) * numbered.place_of_kind - v_limits.slot_of_new / 2
                )
            else numbered.place_of_kind - 1
        end,
        numbered.has_slot desc,
        numbered.place
    limit v_limits.most_listed;
end;
$$;
comment on function private.ranked is
'The best first, with places kept for new profiles; after all others those that rest.';

create function private.discovery_list(p_viewer_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_viewer private.candidates;
    v_walk record;
begin
    select stored.* into v_viewer
    from private.candidates as stored
    where stored.user_id = p_viewer_id;
    if v_viewer.user_id is null then
        return '{"stage": "preferred", "radius_metres": null, "candidates": []}'::jsonb;
    end if;
    v_walk := private.walk(v_viewer);
    return jsonb_build_object(
        'stage', (array['preferred', 'wider', 'anywhere'])[v_walk.stage + 1],
        'radius_metres', case when v_walk.stage < 2
            then v_viewer.max_metres * (v_walk.stage + 1)
        end,
        'candidates', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'user_id', listed.user_id,
                        -- More digits would show what the other user is looking for.
                        'score', round(listed.score::numeric, 2),
                        'reasons', listed.reasons
                    )
                    order by listed.place
                ),
                '[]'
            )
            from private.ranked(v_viewer, v_walk.fitting, v_walk.rested)
            with ordinality as listed (user_id, score, reasons, place)
        )
    );
end;
$$;
comment on function private.discovery_list is
'Whom discovery proposes to a user, at most 500, and how far it had to look. Empty if the user is
not discoverable.';
