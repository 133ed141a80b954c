create function private.missing_of_profile(p_profile public.dog_profiles, p_ready_photos integer)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
begin
    return array_remove(
        array[
            case when p_profile.display_name is null then 'display_name' end,
            case when p_profile.age is null then 'age' end,
            case when p_ready_photos < 2 then 'photos' end,
            case when p_profile.located_at is null then 'location' end
        ],
        null
    );
end;
$$;

create function private.published_of(p_user_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select profile.user_id
        from public.dog_profiles as profile
        inner join private.ready_photos_of(p_user_ids) as photos
            on profile.user_id = photos.user_id
        where profile.user_id = any(p_user_ids)
            and profile.visible
            and private.missing_of_profile(profile, photos.ready) = '{}'
    );
end;
$$;

create function private.is_published(p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_user_id = any(private.published_of(array[p_user_id]));
end;
$$;

create function private.matched_with(p_user_id uuid, p_other_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select asked.user_id
        from unnest(p_other_ids) as asked (user_id)
        where exists (
            select
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, asked.user_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, asked.user_id)
                and pair.status = 'accepted'
            -- Look up each match; do not read all of them.
            offset 0
        )
    );
end;
$$;

create function private.are_matched(p_user_id uuid, p_other_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_other_id = any(private.matched_with(p_user_id, array[p_other_id]));
end;
$$;

create function private.visible_to(p_viewer_id uuid, p_user_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
    -- The cheapest question first: lists of matches ask about each partner.
    v_ids uuid[] := array(
        select profile.user_id
        from public.dog_profiles as profile
        where profile.user_id = any(p_user_ids) and profile.created_at is not null
    );
    v_matched uuid[];
begin
    if v_ids = '{}' then
        return v_ids;
    end if;
    v_ids := private.existing_for(p_viewer_id, v_ids);
    v_matched := private.matched_with(p_viewer_id, v_ids);
    return array(
        select known.user_id
        from unnest(v_ids) as known (user_id)
        where known.user_id = p_viewer_id
            or known.user_id = any(v_matched)
            or known.user_id in (select unnest(private.published_of(v_ids)))
    );
end;
$$;
comment on function private.visible_to is
'Those of the users whose profiles exist for a viewer. One that is hidden or not published exists
only for its owner and the owner''s matches; one that is blocked or banned, only for its owner.';

create function private.may_see(p_viewer_id uuid, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_user_id = any(private.visible_to(p_viewer_id, array[p_user_id]));
end;
$$;

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
            'missing', to_jsonb(
                private.missing_of_profile(own, private.ready_photos(p_user_id))
            ),
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
