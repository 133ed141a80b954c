create function private.count_photo(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'reserve_photo');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_photos;
    if found then
        raise exception 'daily_photo_limit' using
            errcode = 'WF005', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;
comment on function private.count_photo is
'Each photo costs a form, a run of the worker and an invalidation of the CDN.';

create function public.reserve_photo(
    p_content_type text,
    p_size_bytes integer,
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
    v_photo public.photos;
    v_answer jsonb;
    v_present integer;
    v_last integer;
    v_shown integer;
begin
    perform private.check_length(char_length(p_content_type), 20);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    -- Additions, deletions and new orders of one user take turns.
    perform private.take_turn_as(v_caller);
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true}';
    end if;
    perform private.settle_photos(v_caller);
    select
        count(*) filter (where mine.status <> 'rejected')::integer,
        coalesce(max(mine.sort_order), 0),
        count(*)::integer
    into v_present, v_last, v_shown
    from public.photos as mine
    where mine.user_id = v_caller;
    if v_present >= 6 then
        raise exception 'too_many_photos' using errcode = 'WF002';
    end if;
    perform private.count_photo(v_caller);
    insert into public.photos as reserved (user_id, sort_order, content_type, size_bytes)
    values (v_caller, v_last + 1, p_content_type, p_size_bytes)
    returning reserved.* into v_photo;
    v_answer := jsonb_build_object(
        'photo', private.photo_json(v_photo, v_shown, private.photos_url()),
        'upload_key', v_photo.upload_key
    );
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.reserve_photo is
'Reserves a photo and the key of its upload, which the API signs. Security definer because users
write no table.';
grant execute on function public.reserve_photo to authenticated;

create function public.list_photos()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.own_photos_json(private.caller_id());
$$;
comment on function public.list_photos is
'The caller''s photos in order. Security definer because users have no grant on photos.';
grant execute on function public.list_photos to authenticated;

create function public.get_photo(p_photo_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_photo jsonb;
begin
    select shown.photo into v_photo
    from jsonb_array_elements(private.own_photos_json(v_caller)) as shown (photo)
    where (shown.photo ->> 'id')::uuid = p_photo_id;
    if not found then
        raise exception 'not_found' using errcode = 'WF001';
    end if;
    return v_photo;
end;
$$;
comment on function public.get_photo is
'One photo of the caller. Security definer because users have no grant on photos.';
grant execute on function public.get_photo to authenticated;

create function public.order_photos(p_photo_ids uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_present uuid[];
begin
    perform private.check_length(cardinality(p_photo_ids), 200);
    perform private.take_turn_as(v_caller);
    perform private.settle_photos(v_caller);
    select coalesce(array_agg(mine.id order by mine.id), '{}') into v_present
    from public.photos as mine
    where mine.user_id = v_caller;
    if v_present is distinct from (
        select coalesce(array_agg(given.id order by given.id), '{}')
        from unnest(p_photo_ids) as given (id)
    ) then
        raise exception 'photos_changed' using errcode = 'WF003';
    end if;
    update public.photos as moved
    set sort_order = given.place
    from unnest(p_photo_ids) with ordinality as given (id, place)
    where moved.id = given.id and moved.user_id = v_caller;
    return private.own_photos_json(v_caller);
end;
$$;
comment on function public.order_photos is
'Puts the caller''s photos into this order; the ids must be exactly those that there are.
Security definer because users write no table.';
grant execute on function public.order_photos to authenticated;

create function public.delete_photo(p_photo_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_photo public.photos;
begin
    perform private.take_turn_as(v_caller);
    perform private.settle_photos(v_caller);
    select mine.* into v_photo
    from public.photos as mine
    where mine.id = p_photo_id and mine.user_id = v_caller
    for update;
    if not found then
        raise exception 'not_found' using errcode = 'WF001';
    end if;
    if v_photo.status = 'ready'
        and private.ready_photos(v_caller) <= 2
        and private.is_visible(v_caller) then
        raise exception 'too_few_photos' using errcode = 'WF004';
    end if;
    delete from public.photos as mine where mine.id = p_photo_id;
end;
$$;
comment on function public.delete_photo is
'Deletes a photo of the caller; a visible profile keeps two that are ready.
Security definer because users write no table.';
grant execute on function public.delete_photo to authenticated;
