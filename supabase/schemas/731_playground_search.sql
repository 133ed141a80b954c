-- Each search returns a page of ids in its order, with their positions, from which the next page
-- continues. Their plans depend on the words and the place, so they are never generic; and the
-- planner misjudges both, so it may not read the whole table.

create function private.playgrounds_like(p_words text, p_most integer)
returns setof uuid
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
-- The index of names would be read from end to end; those of trigrams and symbols make bitmaps.
set enable_indexscan = off
set enable_indexonlyscan = off
as $$
begin
    if extensions.show_trgm(p_words) = '{}' then
        return query
        select place.id
        from public.playgrounds as place
        where place.symbols @> private.symbols_in(p_words)
        limit p_most;
        return;
    end if;
    return query
    select place.id
    from public.playgrounds as place
    where p_words operator (extensions.<%) place.search_name
        or place.search_name operator (extensions.%) p_words
    limit p_most;
end;
$$;
comment on function private.playgrounds_like is
'Playgrounds whose names resemble the words, or have the symbols if the words are nothing else.';

create function private.playgrounds_near(
    p_caller uuid,
    p_place extensions.geography,
    p_metres double precision,
    p_words text,
    p_favourite boolean,
    p_limit integer,
    p_after_rank double precision,
    p_after_id uuid
)
returns table (id uuid, rank double precision, name text)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
declare
    v_symbols constant text[] := (
        select private.symbols_in(p_words) where extensions.show_trgm(p_words) = '{}'
    );
    -- The only playgrounds to look at, if they are few.
    v_ids uuid[];
    v_from double precision := p_after_rank;
    v_from_id uuid := p_after_id;
    v_to double precision;
    v_step double precision := 250::double precision;
    v_rows integer;
    v_left integer := p_limit;
begin
    if p_favourite then
        v_ids := private.favourites_of(p_caller);
    elsif p_words is not null then
        v_ids := private.few_named(p_words);
    end if;
    if v_ids is not null then
        v_step := p_metres;
    end if;
    -- Ring by ring. In the order of the index it would be one statement; but on the equator and on
    -- meridians PostGIS 3.3 fails for places that are millimetres away ("index returned tuples in
    -- wrong order").
    loop
        v_to := least(greatest(v_from, 0) + v_step, p_metres);
        return query
        select
            near.id,
            near.metres,
            ''
        from (
            select
                place.id,
                place.search_name,
                place.symbols,
                extensions.st_distance(place.place, p_place, false) as metres
            from public.playgrounds as place
            where (v_ids is null or place.id = any(v_ids))
                and (
                    v_ids is not null
                    or extensions.st_dwithin(place.place, p_place, v_to, false)
                )
            -- A fence: a ring is read by its place, never by the words.
            offset 0
        ) as near
        where near.metres <= v_to
            and (near.metres, near.id) > (v_from, v_from_id)
            and (
                p_words is null
                or starts_with(near.search_name, p_words)
                or p_words operator (extensions.<%) near.search_name
                or near.search_name operator (extensions.%) p_words
                or near.symbols @> v_symbols
            )
        order by near.metres, near.id
        limit v_left;
        get diagnostics v_rows = row_count;
        v_left := v_left - v_rows;
        exit when v_left <= 0 or v_to >= p_metres;
        v_from := v_to;
        v_from_id := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
        v_step := v_step * 2;
    end loop;
end;
$$;
comment on function private.playgrounds_near is
'Playgrounds within p_metres, the nearest first.';

create function private.favourites_of(p_user_id uuid)
returns uuid[]
language sql
stable
set search_path = ''
as $$
    select array(
        select favourite.playground_id
        from public.playground_favourites as favourite
        where favourite.user_id = p_user_id
    );
$$;

create function private.few_named(p_words text)
returns uuid[]
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
declare
    v_like constant uuid[] := array(select private.playgrounds_like(p_words, 2001));
    v_beginning constant uuid[] := array(
        select place.id
        from public.playgrounds as place
        where place.search_name >= p_words and place.search_name < p_words || chr(1114111)
        limit 2001
    );
begin
    if greatest(cardinality(v_like), cardinality(v_beginning)) > 2000 then
        return null;
    end if;
    return v_like || v_beginning;
end;
$$;
comment on function private.few_named is
'Playgrounds whose names begin with the words or resemble them. Null if these are thousands.';

create function private.playgrounds_named(
    p_caller uuid,
    p_words text,
    p_favourite boolean,
    p_limit integer,
    p_after_rank double precision,
    p_after_name text,
    p_after_id uuid
)
returns table (id uuid, rank double precision, name text)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
declare
    v_none constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
    v_after_name constant text := greatest(p_words, p_after_name collate "C");
    v_ids uuid[];
    v_found integer := 0;
begin
    if p_favourite then
        v_ids := private.favourites_of(p_caller);
    end if;
    if p_after_rank < 0 then
        return query
        select
            beginning.id,
            -1::double precision,
            beginning.search_name
        from public.playgrounds as beginning
        where (beginning.search_name, beginning.id) > (
            v_after_name, case when v_after_name = p_after_name then p_after_id else v_none end
        )
        and beginning.search_name < p_words || chr(1114111)
        and (v_ids is null or beginning.id = any(v_ids))
        order by beginning.search_name, beginning.id
        limit p_limit;
        get diagnostics v_found = row_count;
    end if;
    if v_found = p_limit then
        return;
    end if;
    -- A word such as "park" is in most names, and to rank all of them would take seconds.
    v_ids := coalesce(v_ids, array(select private.playgrounds_like(p_words, 2000)));
    return query
    select
        ranked.id,
        ranked.distance,
        ''
    from (
        select
            place.id,
            (1 - greatest(
                extensions.word_similarity(p_words, place.search_name),
                extensions.similarity(p_words, place.search_name)
            ))::double precision as distance
        from public.playgrounds as place
        where place.id = any(v_ids)
            and not starts_with(place.search_name, p_words)
            and (
                not p_favourite
                or p_words operator (extensions.<%) place.search_name
                or place.search_name operator (extensions.%) p_words
                or place.symbols @> private.symbols_in(p_words)
            )
    ) as ranked
    where (ranked.distance, ranked.id) > (
        greatest(p_after_rank, -1), case when p_after_rank < 0 then v_none else p_after_id end
    )
    order by ranked.distance, ranked.id
    limit p_limit - v_found;
end;
$$;
comment on function private.playgrounds_named is
'Playgrounds whose names begin with the words, in alphabetical order, so an exact one comes first;
then those that resemble them, the most similar first, of which it knows 2000.';
