create function private.distances_of(p_viewer_id uuid, p_user_ids uuid[])
returns table (user_id uuid, distance jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_unit constant text := (private.preferences_of(p_viewer_id)).distance_unit;
    v_metres_in_unit constant numeric := private.metres_in(v_unit);
begin
    return query
    select
        other.user_id,
        jsonb_build_object(
            'value', greatest(ceil(way.metres / v_metres_in_unit), 1)::integer,
            'unit', v_unit
        )
    from public.dog_profiles as own
    inner join public.dog_profiles as other on other.user_id = any(p_user_ids)
    cross join lateral (
        select private.metres_between(own.cell, other.cell) as metres
        offset 0
    ) as way
    where own.user_id = p_viewer_id and other.user_id <> p_viewer_id and way.metres is not null;
end;
$$;
comment on function private.distances_of is
'How far away users are, in the viewer''s unit, rounded up to a whole one: measured between cells.
Omits the viewer, and any pair of which a cell is unknown.';

create function private.cards_of(p_viewer_id uuid, p_user_ids uuid[])
returns table (user_id uuid, card jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        shown.user_id,
        jsonb_build_object(
            'user_id', shown.user_id,
            'display_name', shown.display_name,
            'age', shown.age,
            'bio', shown.bio,
            'activity_level', shown.activity_level,
            'prompts', shown.prompts,
            'photos', album.photos,
            'distance', way.distance,
            'reputation', reputation.totals,
            'playgrounds', favourite.playgrounds
        )
    from public.dog_profiles as shown
    inner join private.photos_of(p_user_ids) as album on shown.user_id = album.user_id
    inner join private.reputation_totals_of(p_user_ids) as reputation
        on shown.user_id = reputation.user_id
    inner join private.newest_favourites_of(p_user_ids) as favourite
        on shown.user_id = favourite.user_id
    left join private.distances_of(p_viewer_id, p_user_ids) as way on shown.user_id = way.user_id
    where shown.user_id = any(p_user_ids) and shown.created_at is not null;
end;
$$;
comment on function private.cards_of is
'Profiles as another user sees them, in any order. The caller checks visible_to first, and
passes each user once.';

create function public.get_card(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    if not private.may_see(v_caller, p_user_id) then
        raise exception 'not_found' using errcode = 'WP002';
    end if;
    return (
        select shown.card from private.cards_of(v_caller, array[p_user_id]) as shown
    );
end;
$$;
comment on function public.get_card is
'The profile of a user as the caller sees it.
Security definer because users have no grant on profiles.';
grant execute on function public.get_card to authenticated;
