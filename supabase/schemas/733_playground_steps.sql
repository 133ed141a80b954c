create function private.check_playground(p_playground public.playgrounds)
returns void
language sql
immutable
set search_path = ''
as $$
    select
        private.refuse_flaw('name', private.flaw_of_words(p_playground.name)),
        private.refuse_flaw(
            'description', private.flaw_of_words(nullif(p_playground.description, ''), true)
        ),
        private.refuse_flaw('latitude', case
            when p_playground.latitude = 0 and p_playground.longitude = 0
                then 'must not be 0 together with longitude 0, which stands for an unknown location'
        end);
$$;

create function private.count_playground(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'create_playground');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_playgrounds;
    if found then
        raise exception 'daily_playground_limit' using
            errcode = 'WY003', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;

create function private.playground_for(p_playground_id uuid)
returns public.playgrounds
language plpgsql
stable
set search_path = ''
as $$
declare
    v_playground public.playgrounds;
begin
    select stored.* into v_playground
    from public.playgrounds as stored
    where stored.id = p_playground_id;
    if not found then
        raise exception 'not_found' using errcode = 'WY001';
    end if;
    return v_playground;
end;
$$;

create function private.own_playground(p_playground_id uuid, p_user_id uuid)
returns public.playgrounds
language plpgsql
set search_path = ''
as $$
declare
    v_playground public.playgrounds;
begin
    select stored.* into v_playground
    from public.playgrounds as stored
    where stored.id = p_playground_id
    for no key update;
    if not found then
        raise exception 'not_found' using errcode = 'WY001';
    end if;
    if v_playground.owner_id is distinct from p_user_id then
        raise exception 'not_owner' using errcode = 'WY002';
    end if;
    return v_playground;
end;
$$;
comment on function private.own_playground is
'Locks a playground that is the user''s own.';

create function public.create_playground(
    p_name text,
    p_latitude double precision,
    p_longitude double precision,
    p_description text default '',
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_playground public.playgrounds;
    v_answer jsonb;
begin
    perform private.check_length(char_length(p_name), 200);
    perform private.check_length(char_length(p_description), 1000);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    perform private.take_turn_as(v_caller);
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true}';
    end if;
    v_playground.name := p_name;
    v_playground.description := coalesce(p_description, '');
    v_playground.latitude := p_latitude;
    v_playground.longitude := p_longitude;
    perform private.check_playground(v_playground);
    perform private.count_playground(v_caller);
    insert into public.playgrounds as added (owner_id, name, description, latitude, longitude)
    values (
        v_caller,
        v_playground.name,
        v_playground.description,
        v_playground.latitude,
        v_playground.longitude
    )
    returning added.* into v_playground;
    v_answer := jsonb_build_object('playground', private.playground_json(v_playground, v_caller));
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.create_playground is
'Adds a playground. Security definer because users write no table.';
grant execute on function public.create_playground to authenticated;

create function public.get_playground(p_playground_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return private.playground_json(private.playground_for(p_playground_id), v_caller);
end;
$$;
comment on function public.get_playground is
'One playground. Security definer because users have no grant on playgrounds.';
grant execute on function public.get_playground to authenticated;

create function public.change_playground(p_playground_id uuid, p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_playground public.playgrounds;
begin
    perform private.check_length(pg_column_size(p_changes), 6000);
    v_playground := jsonb_populate_record(
        private.own_playground(p_playground_id, v_caller), p_changes
    );
    perform private.check_playground(v_playground);
    update public.playgrounds as changed
    set
        name = v_playground.name,
        description = v_playground.description,
        latitude = v_playground.latitude,
        longitude = v_playground.longitude,
        updated_at = now()
    where changed.id = p_playground_id
    returning changed.* into v_playground;
    return private.playground_json(v_playground, v_caller);
end;
$$;
comment on function public.change_playground is
'Changes what p_changes names of the caller''s playground.
Security definer because users write no table.';
grant execute on function public.change_playground to authenticated;

create function public.delete_playground(p_playground_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.own_playground(p_playground_id, v_caller);
    delete from public.playgrounds as mine where mine.id = p_playground_id;
end;
$$;
comment on function public.delete_playground is
'Deletes the caller''s playground, and everyone''s favourites of it.
Security definer because users write no table.';
grant execute on function public.delete_playground to authenticated;

create function public.put_favourite_playground(p_playground_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_count integer;
begin
    perform private.take_turn_as(v_caller);
    -- The playground stays until the favourite is stored.
    perform from public.playgrounds as place
    where place.id = p_playground_id
    for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WY001';
    end if;
    insert into public.playground_favourites (user_id, playground_id)
    values (v_caller, p_playground_id)
    on conflict (user_id, playground_id) do nothing;
    select count(*)::integer into v_count
    from public.playground_favourites as mine
    where mine.user_id = v_caller;
    if v_count > 500 then
        raise exception 'too_many_favourites' using errcode = 'WY004';
    end if;
end;
$$;
comment on function public.put_favourite_playground is
'Makes a playground one of the caller''s favourites.
Security definer because users write no table.';
grant execute on function public.put_favourite_playground to authenticated;

create function public.delete_favourite_playground(p_playground_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.playground_for(p_playground_id);
    delete from public.playground_favourites as mine
    where mine.user_id = v_caller and mine.playground_id = p_playground_id;
end;
$$;
comment on function public.delete_favourite_playground is
'Takes a playground out of the caller''s favourites.
Security definer because users write no table.';
grant execute on function public.delete_favourite_playground to authenticated;
