create function private.require_published(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_profile public.dog_profiles;
begin
    if private.is_published(p_user_id) then
        return;
    end if;
    select stored.* into v_profile
    from public.dog_profiles as stored
    where stored.user_id = p_user_id;
    v_profile.user_id := p_user_id;
    raise exception 'profile_incomplete' using
        errcode = 'WD001',
        detail = array_to_string(
            private.missing_of_profile(v_profile, private.ready_photos(p_user_id))
            || case when not v_profile.visible then array['visible'] end,
            ','
        );
end;
$$;
comment on function private.require_published is
'Refuses users who want to see others without being seen. The detail names what is missing.';

create function private.new_discovery_list(p_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    -- Read before the candidates, so that a change in between makes the list look too old.
    v_generation constant bigint := (private.discovery_state(p_user_id)).generation;
    v_unit constant text := (private.preferences_of(p_user_id)).distance_unit;
    v_list constant jsonb := private.discovery_list(p_user_id);
begin
    insert into private.discovery_generations as held (user_id, listed_in, listed_at)
    values (p_user_id, v_generation, clock_timestamp())
    on conflict (user_id) do update
    set listed_in = excluded.listed_in, listed_at = excluded.listed_at;
    return jsonb_build_object(
        'generation', v_generation,
        'stage', v_list -> 'stage',
        'radius', case when v_list ->> 'radius_metres' is not null then jsonb_build_object(
            'value', trim_scale(round(
                (v_list ->> 'radius_metres')::numeric / private.metres_in(v_unit), 2
            )),
            'unit', v_unit
        ) end,
        'candidates', v_list -> 'candidates'
    );
end;
$$;

create function private.lock_discovery_list(p_user_id uuid, p_wait boolean)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_key constant bigint := hashtextextended('discovery ' || p_user_id, 0);
begin
    if p_wait then
        perform pg_advisory_xact_lock(v_key);
        return true;
    end if;
    return pg_try_advisory_xact_lock(v_key);
end;
$$;

create function private.renewed_discovery_list(p_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_state private.discovery_generations;
begin
    if not private.lock_discovery_list(p_user_id, false) then
        return null;
    end if;
    v_state := private.discovery_state(p_user_id);
    -- Another request has made this list and is about to store it. If it died, the next one comes
    -- soon enough.
    if v_state.listed_in = v_state.generation
        and v_state.listed_at > clock_timestamp() - interval '5 seconds' then
        return null;
    end if;
    return private.new_discovery_list(p_user_id);
end;
$$;
comment on function private.renewed_discovery_list is
'A new list for a user whose old one no longer holds. Null while another request makes it, which is
not waited for: once per generation, however many ask.';

create function private.note_discovery(p_viewer_id uuid, p_page jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform private.record_exposures(p_viewer_id, array(
        select (each.value -> 'card' ->> 'user_id')::uuid
        from jsonb_array_elements(p_page -> 'shown') as each
    ));
    -- Does not wait for a request that makes a list.
    update private.discovery_generations as held
    set seen_at = now()
    where held.user_id in (
        select due.user_id
        from private.discovery_generations as due
        where due.user_id = p_viewer_id
            and (due.seen_at is null or due.seen_at < now() - interval '5 minutes')
        for no key update skip locked
    );
end;
$$;

create function private.first_discovery_page(
    p_viewer_id uuid, p_list jsonb, p_limit integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_user_ids constant uuid[] := array(
        select (candidate.value ->> 'user_id')::uuid
        from jsonb_array_elements(p_list -> 'candidates') with ordinality as candidate
        order by candidate.ordinality
    );
begin
    return private.discovery_page_of(
        p_viewer_id,
        v_user_ids,
        array(select generate_series(1, least(p_limit, cardinality(v_user_ids)))),
        p_limit
    ) || jsonb_build_object('list', p_list, 'outdated', false);
end;
$$;
comment on function private.first_discovery_page is
'The first page of a list that was made just now, so nothing of it is checked again.';

create function public.discover(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_page jsonb;
begin
    perform private.require_published(v_caller);
    perform private.lock_discovery_list(v_caller, true);
    v_page := private.first_discovery_page(
        v_caller, private.new_discovery_list(v_caller), least(p_limit, 50)
    );
    perform private.note_discovery(v_caller, v_page);
    return v_page;
end;
$$;
comment on function public.discover is
'A new list of candidates for the caller, and its first page.
Security definer because users have no grant on what it reads.';
grant execute on function public.discover to authenticated;

create function public.discovery_page(
    p_user_ids uuid[],
    p_stage text,
    p_generation bigint,
    p_limit integer,
    p_first boolean,
    p_renewable boolean
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_limit constant integer := least(p_limit, 50);
    v_state private.discovery_generations;
    v_over boolean;
    v_page jsonb;
    v_list jsonb;
begin
    perform private.check_length(cardinality(p_user_ids), 500);
    perform private.check_length(char_length(p_stage), 20);
    perform private.require_published(v_caller);
    v_state := private.discovery_state(v_caller);
    -- A generation above the current one: the database was set back.
    v_over := p_generation < v_state.changed_in or p_generation > v_state.generation;
    if v_over and not p_first then
        raise exception 'cursor_expired' using errcode = 'WD002';
    end if;
    v_page := private.discovery_cards(v_caller, p_user_ids, p_stage, v_limit)
        || '{"list": null, "outdated": false}';
    if p_first and (
        v_over
        or p_generation < v_state.returned_in
        or (
            jsonb_array_length(v_page -> 'shown') < v_limit
            and (p_renewable or p_generation < v_state.generation)
        )
    ) then
        v_list := private.renewed_discovery_list(v_caller);
        v_page := case
            when v_list is null then v_page || '{"outdated": true}'
            else private.first_discovery_page(v_caller, v_list, v_limit)
        end;
    end if;
    perform private.note_discovery(v_caller, v_page);
    return v_page;
end;
$$;
comment on function public.discovery_page is
'A page of a cached list, of which p_user_ids is what follows the last page. Each user is checked
again. A first page comes of a new list if the caller''s changes ask for one, or if p_renewable and
the old list does not fill it.
Security definer because users have no grant on what it reads.';
grant execute on function public.discovery_page to authenticated;
