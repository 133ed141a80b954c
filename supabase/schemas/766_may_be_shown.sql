create function private.may_be_shown(p_viewer_id uuid, p_user_ids uuid[], p_stage text)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select other.user_id
        from private.candidates as viewer
        inner join private.candidates as other on other.user_id = any(p_user_ids)
        inner join private.like_refusals(p_viewer_id, p_user_ids) as liked
            on other.user_id = liked.user_id
        cross join lateral (
            select private.metres_between(viewer.cell, other.cell) as metres
            offset 0
        ) as way
        where viewer.user_id = p_viewer_id
            and liked.refusal is null
            and private.stage_of_pair(viewer, other, way.metres)
            <= array_position(array['preferred', 'wider', 'anywhere'], p_stage) - 1
            and not exists (
                select
                from private.kept_apart as pair
                where pair.user_id = p_viewer_id and pair.other_id = other.user_id
                -- Look up the pair; do not read all that the viewer has swiped.
                offset 0
            )
            and not exists (
                select
                from private.matched_pairs as pair
                where pair.first_id = least(p_viewer_id, other.user_id)
                    and pair.second_id = greatest(p_viewer_id, other.user_id)
                offset 0
            )
    );
end;
$$;
comment on function private.may_be_shown is
'Those of the users whom an older list proposes in a stage who may still be shown to the viewer.';

create function private.discovery_page_of(
    p_viewer_id uuid, p_user_ids uuid[], p_shown integer[], p_limit integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'shown', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('position', shown.position, 'card', known.card)
                    order by shown.position
                ),
                '[]'
            )
            from unnest(p_shown) as shown (position)
            inner join private.cards_of(
                p_viewer_id,
                array(
                    select distinct p_user_ids[each.position]
                    from unnest(p_shown) as each (position)
                )
            ) as known on known.user_id = p_user_ids[shown.position]
        ),
        'scanned', case
            when cardinality(p_shown) < p_limit then cardinality(p_user_ids)
            else coalesce(p_shown[p_limit], 0)
        end
    );
end;
$$;
comment on function private.discovery_page_of is
'The cards at the positions p_shown of a list, and how many of the list were looked at for them.';

create function private.discovery_cards(
    p_viewer_id uuid, p_user_ids uuid[], p_stage text, p_limit integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_shown integer[] := array[]::integer[];
    v_next integer[];
    v_allowed uuid[];
begin
    while cardinality(v_shown) < p_limit loop
        v_next := array(
            select asked.position::integer
            from unnest(p_user_ids) with ordinality as asked (user_id, position)
            where asked.position > coalesce(v_next[p_limit], 0)
                -- Most users who are no longer shown were swiped, which is the cheapest check.
                and not exists (
                    select
                    from public.likes as mine
                    where mine.user_id = p_viewer_id and mine.liked_id = asked.user_id
                    offset 0
                )
                and not exists (
                    select
                    from public.passes as mine
                    where mine.user_id = p_viewer_id
                        and mine.passed_id = asked.user_id
                        and mine.until > now()
                    offset 0
                )
            order by asked.position
            limit p_limit
        );
        v_allowed := private.may_be_shown(
            p_viewer_id,
            array(select p_user_ids[batch.position] from unnest(v_next) as batch (position)),
            p_stage
        );
        v_shown := v_shown || array(
            select batch.position
            from unnest(v_next) as batch (position)
            where p_user_ids[batch.position] = any(v_allowed)
            order by batch.position
        );
        exit when cardinality(v_next) < p_limit;
    end loop;
    return private.discovery_page_of(p_viewer_id, p_user_ids, v_shown[:p_limit], p_limit);
end;
$$;
comment on function private.discovery_cards is
'The cards of the first p_limit candidates who may be shown now, and how many were looked at.';
