-- Places for dogs that users add and all users find: docs/decisions/035-playgrounds.md.

create function private.searchable(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
    select left(
        btrim(regexp_replace(
            regexp_replace(normalize(lower(p_text), nfkd), '[\u0300-\u036f]', '', 'g'),
            '\s+', ' ', 'g'
        )),
        200
    );
$$;
comment on function private.searchable is
'A name as the search compares it: small letters without accents, single spaces.';

create function private.symbols_in(p_text text)
returns text[]
language sql
immutable
set search_path = ''
as $$
    -- Without the joiners and variation selectors of emoji, which keyboards send or leave out.
    select array_agg(distinct found.symbol[1])
    from regexp_matches(p_text, '[^[:alnum:][:space:]\u200d\ufe0f]', 'g') as found (symbol);
$$;
comment on function private.symbols_in is
'Emoji and punctuation, which have no trigrams. Null if there are none.';

create table public.playgrounds (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid references public.user_profiles (id) on delete set null,
    name text not null, -- noqa: RF04
    description text not null default '',
    latitude double precision not null,
    longitude double precision not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    place extensions.geography (point, 4326) not null generated always as (
        extensions.st_setsrid(extensions.st_makepoint(longitude, latitude), 4326)
        ::extensions.geography
    ) stored,
    search_name text collate "C" not null generated always as (private.searchable(name)) stored,
    symbols text[] generated always as (
        private.symbols_in(private.searchable(name))
    ) stored,
    constraint playgrounds_name_length check (char_length(name) between 1 and 200),
    constraint playgrounds_description_length check (char_length(description) <= 1000),
    -- NaN is greater than every number, so these refuse it.
    constraint playgrounds_latitude_in_range check (latitude between -90 and 90),
    constraint playgrounds_longitude_in_range check (longitude between -180 and 180),
    constraint playgrounds_place_known check (latitude <> 0 or longitude <> 0)
);
comment on table public.playgrounds is
'Public places: their exact coordinates are for everyone, their owners for themselves alone.';

create index playgrounds_by_place on public.playgrounds using gist (place);
create index playgrounds_by_name on public.playgrounds (search_name, id);
-- Each search would read the list of pending entries, and few are written.
create index playgrounds_by_trigrams
on public.playgrounds using gin (search_name extensions.gin_trgm_ops) with (fastupdate = off);
create index playgrounds_by_symbols
on public.playgrounds using gin (symbols) with (fastupdate = off);
create index playgrounds_by_owner on public.playgrounds (owner_id);

-- No policy: users read and change playgrounds through functions.
alter table public.playgrounds enable row level security;

create table public.playground_favourites (
    user_id uuid references public.user_profiles (id) on delete cascade,
    playground_id uuid references public.playgrounds (id) on delete cascade,
    created_at timestamptz not null default clock_timestamp(),
    primary key (user_id, playground_id)
);
comment on table public.playground_favourites is
'The playgrounds that a user goes to; whoever sees the user''s card sees ten of them.';

create index playground_favourites_by_playground
on public.playground_favourites (playground_id);

alter table public.playground_favourites enable row level security;

create function private.leave_playgrounds()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    delete from public.playgrounds as mine
    where mine.owner_id = old.id and not exists (
        select
        from public.playground_favourites as theirs
        where theirs.playground_id = mine.id and theirs.user_id <> old.id
    );
    update public.playgrounds as left_behind
    set owner_id = null, description = ''
    where left_behind.owner_id = old.id;
    return old;
end;
$$;
comment on function private.leave_playgrounds is
'A playground outlives its owner''s account only for users who go there, without the owner and the
owner''s description. Security definer because Supabase Auth deletes accounts and has no rights here.';

create trigger leave_playgrounds
before delete on public.user_profiles
for each row execute function private.leave_playgrounds();

create function private.playground_json(
    p_playground public.playgrounds,
    p_viewer_id uuid,
    p_metres double precision default null,
    p_unit text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'id', p_playground.id,
        'name', p_playground.name,
        'latitude', p_playground.latitude,
        'longitude', p_playground.longitude,
        'description', p_playground.description,
        'mine', coalesce(p_playground.owner_id = p_viewer_id, false),
        'favourite', exists (
            select
            from public.playground_favourites as favourite
            where favourite.user_id = p_viewer_id and favourite.playground_id = p_playground.id
        ),
        'distance', case when p_metres is not null then jsonb_build_object(
            'value', round((p_metres / private.metres_in(p_unit))::numeric, 1), 'unit', p_unit
        ) end,
        'created_at', private.iso_utc(p_playground.created_at)
    );
end;
$$;

create function private.newest_favourites_of(p_user_ids uuid[])
returns table (user_id uuid, playgrounds jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        asked.user_id,
        (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('id', place.id, 'name', place.name)
                    order by newest.created_at desc, place.id
                ),
                '[]'::jsonb
            )
            from (
                select
                    favourite.playground_id,
                    favourite.created_at
                from public.playground_favourites as favourite
                where favourite.user_id = asked.user_id
                order by favourite.created_at desc, favourite.playground_id
                limit 10
            ) as newest
            inner join public.playgrounds as place on newest.playground_id = place.id
        )
    from unnest(p_user_ids) as asked (user_id);
end;
$$;
comment on function private.newest_favourites_of is
'The ten newest favourites of each user, for the card.';

create function private.export_playgrounds(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'added', (
            select coalesce(
                jsonb_agg(
                    private.playground_json(mine.*::public.playgrounds, p_user_id)
                    order by mine.created_at, mine.id
                ),
                '[]'::jsonb
            )
            from public.playgrounds as mine
            where mine.owner_id = p_user_id
        ),
        'favourites', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', place.id,
                        'name', place.name,
                        'since', private.iso_utc(favourite.created_at)
                    )
                    order by favourite.created_at, place.id
                ),
                '[]'::jsonb
            )
            from public.playground_favourites as favourite
            inner join public.playgrounds as place on favourite.playground_id = place.id
            where favourite.user_id = p_user_id
        )
    );
$$;
comment on function private.export_playgrounds is
'The playgrounds in the export of an account: those that the user has added, and the favourites.';
