-- Without a search_path, so that PostgreSQL inlines it.
create function private.metres_in(p_unit text)
returns numeric
language sql
immutable
as $$
    select case p_unit when 'miles' then 1609.344 when 'kilometers' then 1000 end;
$$;

create table public.profile_preferences (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    min_age smallint not null,
    max_age smallint not null,
    -- Exact decimals, so that a distance survives any number of changes of its unit.
    max_metres numeric not null,
    distance_unit text not null,
    activity_level text,
    constraint profile_preferences_ages_in_order
    check (min_age between 0 and max_age and max_age <= 20),
    constraint profile_preferences_distance_in_range
    check (max_metres > 0 and max_metres <= 500000),
    constraint profile_preferences_unit_known check (distance_unit in ('miles', 'kilometers')),
    constraint profile_preferences_activity_level_known
    check (activity_level in ('low', 'medium', 'high'))
);
comment on table public.profile_preferences is
'The dogs that a user is looking for. Without a row the defaults hold.';

alter table public.profile_preferences enable row level security;

create function private.default_preferences(p_user_id uuid)
returns public.profile_preferences
language sql
immutable
set search_path = ''
as $$
    select row(p_user_id, 0, 20, 25 * private.metres_in('miles'), 'miles', null)
        ::public.profile_preferences;
$$;

create function private.preferences_of(p_user_id uuid)
returns public.profile_preferences
language plpgsql
stable
set search_path = ''
as $$
declare
    v_preferences public.profile_preferences;
begin
    select stored.* into v_preferences
    from public.profile_preferences as stored
    where stored.user_id = p_user_id;
    return case when found then v_preferences else private.default_preferences(p_user_id) end;
end;
$$;

create function private.preferences_json(p_preferences public.profile_preferences)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select jsonb_build_object(
        'min_age', p_preferences.min_age,
        'max_age', p_preferences.max_age,
        'max_distance', trim_scale(
            p_preferences.max_metres / private.metres_in(p_preferences.distance_unit)
        ),
        'distance_unit', p_preferences.distance_unit,
        'activity_level', p_preferences.activity_level
    );
$$;

create function public.get_profile_preferences()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.preferences_json(private.preferences_of(private.caller_id()));
$$;
comment on function public.get_profile_preferences is
'The dogs that the caller is looking for.
Security definer because users have no grant on preferences.';
grant execute on function public.get_profile_preferences to authenticated;

create function public.change_profile_preferences(p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_wish public.profile_preferences;
begin
    perform private.check_length(pg_column_size(p_changes), 1000);
    perform private.take_turn_as(v_caller);
    insert into public.profile_preferences
    select (private.default_preferences(v_caller)).*
    on conflict (user_id) do nothing;
    select stored.* into v_wish
    from public.profile_preferences as stored
    where stored.user_id = v_caller;

    v_wish := jsonb_populate_record(v_wish, p_changes);
    if p_changes ? 'max_distance' then
        v_wish.max_metres := (p_changes ->> 'max_distance')::numeric
            * private.metres_in(v_wish.distance_unit);
    end if;
    perform private.refuse_flaw('min_age', case
        when v_wish.min_age > v_wish.max_age then 'must not be above max_age'
    end);
    perform private.refuse_flaw('max_distance', case
        when v_wish.max_metres > 500000 then 'must be at most 500 kilometers, or 310.68 miles'
    end);
    update public.profile_preferences as stored
    set
        min_age = v_wish.min_age,
        max_age = v_wish.max_age,
        max_metres = v_wish.max_metres,
        distance_unit = v_wish.distance_unit,
        activity_level = v_wish.activity_level
    where stored.user_id = v_caller;
    return private.preferences_json(v_wish);
end;
$$;
comment on function public.change_profile_preferences is
'Changes the preferences that p_changes names. A new unit alone converts the distance.
Security definer because users write no table.';
grant execute on function public.change_profile_preferences to authenticated;
