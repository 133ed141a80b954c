create function private.missing_of_profile(p_profile public.dog_profiles)
returns text[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array_remove(
        array[
            case when p_profile.display_name is null then 'display_name' end,
            case when p_profile.age is null then 'age' end,
            case when private.ready_photos(p_profile.user_id) < 2 then 'photos' end,
            case when p_profile.located_at is null then 'location' end
        ],
        null
    );
end;
$$;

create function private.is_published(p_user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from public.dog_profiles as profile
        where profile.user_id = p_user_id
            and profile.visible
            and private.missing_of_profile(profile) = '{}'
    );
$$;

create function private.are_matched(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from public.wingman_matches as pair
        where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
            and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, p_other_id)
            and pair.status = 'accepted'
    );
$$;

create function private.may_see(p_viewer_id uuid, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    -- The cheapest question first: lists of matches ask about each partner.
    perform from public.dog_profiles as profile
    where profile.user_id = p_user_id and profile.created_at is not null;
    if not found then
        return false;
    end if;
    return p_viewer_id = p_user_id or (
        private.exists_for(p_viewer_id, p_user_id)
        and (private.are_matched(p_viewer_id, p_user_id) or private.is_published(p_user_id))
    );
end;
$$;
comment on function private.may_see is
'Whether a profile exists for a viewer. One that is hidden or not published exists only for its
owner and the owner''s matches; one that is blocked or banned, only for its owner.';

create function private.distance_json(p_viewer_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_unit constant text := (private.preferences_of(p_viewer_id)).distance_unit;
    v_metres double precision;
begin
    -- In one order, so that both read the same number.
    select extensions.st_distance(first.cell, second.cell, false) into v_metres
    from public.dog_profiles as first
    inner join public.dog_profiles as second
        on second.user_id = greatest(p_viewer_id, p_user_id)
    where first.user_id = least(p_viewer_id, p_user_id) and p_viewer_id <> p_user_id;
    if v_metres is null then
        return null;
    end if;
    return jsonb_build_object(
        'value', greatest(ceil(v_metres / private.metres_in(v_unit)), 1)::integer,
        'unit', v_unit
    );
end;
$$;
comment on function private.distance_json is
'How far away a user is, in the viewer''s unit, rounded up to a whole one: between the cells of
both. Null if one of them has no location, and for the viewer''s own profile.';

create function private.own_profile_json(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'user_id', own.user_id,
            'display_name', own.display_name,
            'age', own.age,
            'bio', own.bio,
            'activity_level', own.activity_level,
            'prompts', own.prompts,
            'photos', private.own_photos_json(p_user_id),
            'location', private.location_json(own),
            'visible', own.visible,
            'published', private.is_published(p_user_id),
            'missing', to_jsonb(private.missing_of_profile(own)),
            'created_at', private.iso_utc(own.created_at),
            'updated_at', private.iso_utc(own.updated_at)
        )
        from public.dog_profiles as own
        where own.user_id = p_user_id and own.created_at is not null
    );
end;
$$;
comment on function private.own_profile_json is
'The whole profile, for its owner. Null before it has been created.';

create function private.location_json(p_profile public.dog_profiles)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case when p_profile.located_at is not null then jsonb_build_object(
        'latitude', p_profile.latitude,
        'longitude', p_profile.longitude,
        'updated_at', private.iso_utc(p_profile.located_at)
    ) end;
$$;

create function private.card_json(p_viewer_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'user_id', shown.user_id,
            'display_name', shown.display_name,
            'age', shown.age,
            'bio', shown.bio,
            'activity_level', shown.activity_level,
            'prompts', shown.prompts,
            'photos', private.photos_json(p_user_id),
            'distance', private.distance_json(p_viewer_id, p_user_id),
            'reputation', private.reputation_totals(p_user_id),
            'playgrounds', private.favourite_playgrounds_json(p_user_id)
        )
        from public.dog_profiles as shown
        where shown.user_id = p_user_id and shown.created_at is not null
    );
end;
$$;
comment on function private.card_json is
'A profile as another user sees it. The caller asks may_see first.';

create function public.get_profile()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_profile constant jsonb := private.own_profile_json(private.caller_id());
begin
    if v_profile is null then
        raise exception 'profile_not_found' using errcode = 'WP001';
    end if;
    return v_profile;
end;
$$;
comment on function public.get_profile is
'The caller''s own profile. Security definer because users have no grant on profiles.';
grant execute on function public.get_profile to authenticated;

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
    return private.card_json(v_caller, p_user_id);
end;
$$;
comment on function public.get_card is
'The profile of a user as the caller sees it.
Security definer because users have no grant on profiles.';
grant execute on function public.get_card to authenticated;

create function private.export_profile(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return private.user_json(p_user_id) || jsonb_build_object(
        'profile', private.own_profile_json(p_user_id) - array['photos', 'location'],
        'location', (
            select private.location_json(own)
            from public.dog_profiles as own
            where own.user_id = p_user_id
        ),
        'preferences', private.preferences_json(private.preferences_of(p_user_id))
    );
end;
$$;
comment on function private.export_profile is
'Names, profile, location and preferences. Photos have a part of their own.';
