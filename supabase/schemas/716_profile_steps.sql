create function private.change_profile(p_user_id uuid, p_changes jsonb)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_before public.dog_profiles;
    v_after public.dog_profiles;
begin
    select stored.* into v_before
    from public.dog_profiles as stored
    where stored.user_id = p_user_id;
    v_after := jsonb_populate_record(v_before, p_changes);
    perform private.refuse_flaw('display_name', private.flaw_of_name(v_after.display_name));
    perform private.refuse_flaw('bio', private.flaw_of_words(nullif(v_after.bio, ''), true));
    perform private.refuse_flaw('prompts', (
        select min(private.flaw_of_words(words.value, true))
        from jsonb_array_elements(v_after.prompts) as prompt
        cross join lateral jsonb_each_text(prompt.value) as words
    ));
    if v_after is distinct from v_before or v_before.created_at is null then
        update public.dog_profiles as stored
        set
            display_name = v_after.display_name,
            age = v_after.age,
            bio = v_after.bio,
            activity_level = v_after.activity_level,
            prompts = v_after.prompts,
            visible = v_after.visible,
            created_at = coalesce(stored.created_at, now()),
            updated_at = now()
        where stored.user_id = p_user_id;
    end if;
    return v_before.created_at is null;
end;
$$;
comment on function private.change_profile is
'Changes what p_changes names, and returns whether that has created the profile. The calling
function has taken the user''s turn.';

create function public.put_profile(p_profile jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_created boolean;
begin
    perform private.check_length(pg_column_size(p_profile), 80000);
    perform private.take_turn_as(v_caller);
    insert into public.dog_profiles (user_id) values (v_caller) on conflict (user_id) do nothing;
    v_created := private.change_profile(v_caller, p_profile);
    return jsonb_build_object(
        'profile', private.own_profile_json(v_caller), 'created', v_created
    );
end;
$$;
comment on function public.put_profile is
'Creates or replaces the caller''s profile. Security definer because users write no table.';
grant execute on function public.put_profile to authenticated;

create function public.change_profile(p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(pg_column_size(p_changes), 80000);
    perform private.take_turn_as(v_caller);
    perform from public.dog_profiles as own
    where own.user_id = v_caller and own.created_at is not null;
    if not found then
        raise exception 'profile_not_found' using errcode = 'WP001';
    end if;
    perform private.change_profile(v_caller, p_changes);
    return private.own_profile_json(v_caller);
end;
$$;
comment on function public.change_profile is
'Changes fields of the caller''s profile. Security definer because users write no table.';
grant execute on function public.change_profile to authenticated;

create function public.put_location(p_latitude double precision, p_longitude double precision)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_profile public.dog_profiles;
begin
    perform private.refuse_flaw('latitude', case
        when p_latitude = 0 and p_longitude = 0
            then 'must not be 0 together with longitude 0, which stands for an unknown location'
    end);
    perform private.take_turn_as(v_caller);
    insert into public.dog_profiles as stored (user_id, latitude, longitude, located_at)
    values (v_caller, p_latitude, p_longitude, now())
    on conflict (user_id) do update
        set
            latitude = excluded.latitude,
            longitude = excluded.longitude,
            located_at = excluded.located_at
    returning stored.* into v_profile;
    return private.location_json(v_profile);
end;
$$;
comment on function public.put_location is
'Stores where the caller is, for discovery. Security definer because users write no table.';
grant execute on function public.put_location to authenticated;

create function public.delete_location()
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    update public.dog_profiles as stored
    set latitude = null, longitude = null, located_at = null
    where stored.user_id = v_caller and stored.located_at is not null;
end;
$$;
comment on function public.delete_location is
'Forgets where the caller is. Security definer because users write no table.';
grant execute on function public.delete_location to authenticated;
