-- Exact coordinates are for their owner alone. All that another user can observe is computed from
-- `cell`: docs/decisions/031-places.md.

create function private.snapped(p_latitude double precision, p_longitude double precision)
returns extensions.geography
language sql
immutable
set search_path = ''
as $$
    select extensions.st_setsrid(
        extensions.st_makepoint(
            case
                -- Around a pole a cell has all longitudes.
                when abs(band.latitude) = 90 then 0
                -- The rest at the date line is one cell on both sides of it, never a sliver.
                when abs(round(band.longitude / band.step)) >= floor(180 / band.step) then 180
                else round(band.longitude / band.step) * band.step
            end,
            band.latitude
        ),
        4326
    )::extensions.geography
    from (
        select
            near.latitude,
            near.longitude,
            0.01 / nullif(cosd(near.latitude), 0) as step
        from (
            select
                round(p_latitude * 100) / 100 as latitude,
                -- To a tenth of a millimetre: dividing a tiny number underflows, which is an error.
                round(p_longitude * 1e9) / 1e9 as longitude
        ) as near
    ) as band;
$$;
comment on function private.snapped is
'The middle of a place''s cell, which is 0.01 degrees of latitude high and 0.01 degrees, divided by
the cosine of the latitude, wide: about 1.1 km each way everywhere on earth.';

create function private.are_prompts(p_prompts jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select jsonb_typeof(p_prompts) = 'array' and (
        select
            count(*) <= 10
            and coalesce(bool_and(
                jsonb_typeof(prompt.value -> 'question') = 'string'
                and jsonb_typeof(prompt.value -> 'answer') = 'string'
                and char_length(prompt.value ->> 'question') between 1 and 500
                and char_length(prompt.value ->> 'answer') between 1 and 1000
                and prompt.value - array['question', 'answer'] = '{}'
            ), true)
        from jsonb_array_elements(case jsonb_typeof(p_prompts) when 'array' then p_prompts end)
            as prompt
    );
$$;

create table public.dog_profiles (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    display_name text,
    age smallint,
    bio text not null default '',
    activity_level text not null default 'medium',
    prompts jsonb not null default '[]',
    visible boolean not null default true,
    discoverable boolean not null default false,
    latitude double precision,
    longitude double precision,
    located_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz not null default now(),
    place extensions.geography (point, 4326) generated always as (
        extensions.st_setsrid(extensions.st_makepoint(longitude, latitude), 4326)
        ::extensions.geography
    ) stored,
    cell extensions.geography (point, 4326) generated always as (
        private.snapped(latitude, longitude)
    ) stored,
    constraint dog_profiles_whole
    check (
        (display_name is null) = (created_at is null)
        and (age is null) = (created_at is null)
    ),
    constraint dog_profiles_display_name_length check (char_length(display_name) between 1 and 100),
    constraint dog_profiles_age_in_years check (age between 0 and 20),
    constraint dog_profiles_bio_length check (char_length(bio) <= 2000),
    constraint dog_profiles_activity_level_known
    check (activity_level in ('low', 'medium', 'high')),
    constraint dog_profiles_prompts_are_pairs check (private.are_prompts(prompts)),
    -- NaN is greater than every number, so these refuse it.
    constraint dog_profiles_latitude_in_range check (latitude between -90 and 90),
    constraint dog_profiles_longitude_in_range check (longitude between -180 and 180),
    constraint dog_profiles_location_whole
    check (
        (latitude is null) = (located_at is null)
        and (longitude is null) = (located_at is null)
    ),
    constraint dog_profiles_location_known check (latitude <> 0 or longitude <> 0)
);
comment on table public.dog_profiles is
'What a user shows of the dog, and where they are. The location may come first: the profile exists
once it has a name.';
comment on column public.dog_profiles.discoverable is
'Whether discovery may show the profile. Triggers keep it: 760_discoverable.sql.';
comment on column public.dog_profiles.place is 'Exact: for queries of the owner alone.';
comment on column public.dog_profiles.cell is
'The middle of the cell of about a kilometre: the only location that queries of others may use.';

-- No policy: users read and change profiles through functions.
alter table public.dog_profiles enable row level security;

create function private.is_visible(p_user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from public.dog_profiles as profile
        where profile.user_id = p_user_id and profile.visible and profile.created_at is not null
    );
$$;
comment on function private.is_visible is
'Whether the user has a profile and wants it to be seen. It may still miss something.';
