create function private.favourite_playgrounds(
    p_caller uuid, p_limit integer, p_after_rank double precision, p_after_id uuid
)
returns table (id uuid, rank double precision, name text)
language sql
stable
set search_path = ''
as $$
    select
        dated.playground_id,
        dated.age,
        ''
    from (
        select
            favourite.playground_id,
            -extract(epoch from favourite.created_at)::double precision as age
        from public.playground_favourites as favourite
        where favourite.user_id = p_caller
    ) as dated
    where (dated.age, dated.playground_id) > (p_after_rank, p_after_id)
    order by dated.age, dated.playground_id
    limit p_limit;
$$;
comment on function private.favourite_playgrounds is
'The favourites of a user, the newest first.';

create function private.playground_positions(
    p_caller uuid,
    p_words text,
    p_place extensions.geography,
    p_metres double precision,
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
as $$
begin
    if p_place is not null then
        return query select found.* from private.playgrounds_near(
            p_caller, p_place, p_metres, p_words, p_favourite, p_limit, p_after_rank, p_after_id
        ) as found;
    elsif p_words is not null then
        return query select found.* from private.playgrounds_named(
            p_caller, p_words, p_favourite, p_limit, p_after_rank, p_after_name, p_after_id
        ) as found;
    elsif p_favourite then
        return query select found.* from private.favourite_playgrounds(
            p_caller, p_limit, p_after_rank, p_after_id
        ) as found;
    end if;
end;
$$;

create function public.list_playgrounds(
    p_query text default null,
    p_latitude double precision default null,
    p_longitude double precision default null,
    p_radius double precision default null,
    p_unit text default null,
    p_favourite boolean default false,
    p_limit integer default 20,
    p_after_rank double precision default null,
    p_after_name text default null,
    p_after_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_unit text := p_unit;
    v_metres double precision;
    v_place extensions.geography;
    v_words text;
begin
    perform private.check_length(char_length(p_query), 200);
    perform private.check_length(char_length(p_unit), 20);
    perform private.check_length(char_length(p_after_name), 200);
    v_words := private.searchable(p_query);
    if v_words = '' then
        return '[]'::jsonb;
    end if;
    if p_latitude between -90 and 90 and p_longitude between -180 and 180 then
        v_unit := coalesce(v_unit, (private.preferences_of(v_caller)).distance_unit);
        v_metres := coalesce(p_radius, 10) * private.metres_in(v_unit);
        perform private.refuse_flaw('radius', case
            when v_metres > 100000 then 'must be at most 100 kilometers, or 62.13 miles'
        end);
        v_place := extensions.st_setsrid(extensions.st_makepoint(p_longitude, p_latitude), 4326)
            ::extensions.geography;
    end if;
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'playground', private.playground_json(
                        place.*::public.playgrounds,
                        v_caller,
                        case when v_place is not null then found.rank end,
                        v_unit
                    ),
                    'position', jsonb_build_array(found.rank, found.name, found.id)
                )
                order by found.rank, found.name collate "C", found.id
            ),
            '[]'::jsonb
        )
        from private.playground_positions(
            v_caller,
            v_words,
            v_place,
            v_metres,
            coalesce(p_favourite, false),
            least(greatest(p_limit, 1), 101),
            coalesce(p_after_rank, '-infinity'),
            coalesce(p_after_name, ''),
            coalesce(p_after_id, '00000000-0000-0000-0000-000000000000')
        ) as found
        inner join public.playgrounds as place on found.id = place.id
    );
end;
$$;
comment on function public.list_playgrounds is
'Playgrounds near a place, or with a name like p_query, or among the caller''s favourites, or all of
these. At most 101: a page of 100, and one more that shows whether another page follows.
Security definer because users have no grant on playgrounds.';
grant execute on function public.list_playgrounds to authenticated;
