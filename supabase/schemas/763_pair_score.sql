-- How well two dogs fit: docs/decisions/038-discovery.md. These functions name nothing but built-in
-- ones and have no search_path, so that PostgreSQL inlines them: of each call, ten microseconds.

create type private.dog_traits as (
    min_age smallint,
    max_age smallint,
    max_metres double precision,
    wanted_activity smallint,
    age smallint,
    activity smallint,
    completed_sessions bigint,
    no_shows bigint
);
comment on type private.dog_traits is
'The wishes of a user, the traits of the dog, and the meetings.';

create function private.traits_of(
    p_candidate private.candidates,
    p_completed_sessions bigint default 0,
    p_no_shows bigint default 0
)
returns private.dog_traits
language sql
immutable
as $$
    select row(
        p_candidate.min_age,
        p_candidate.max_age,
        p_candidate.max_metres,
        p_candidate.wanted_activity,
        p_candidate.age,
        p_candidate.activity,
        coalesce(p_completed_sessions, 0),
        coalesce(p_no_shows, 0)
    )::private.dog_traits;
$$;

create function private.satisfaction(
    p_viewer private.dog_traits, p_other private.dog_traits, p_metres double precision
)
returns double precision
language sql
immutable
as $$
    -- Each part is in 0…1; their weights add up to 1.
    select
        -- Half at a quarter of the way to the viewer's limit, a fifth at the limit.
        power(1 + 4 * p_metres / greatest(p_viewer.max_metres, 1000), -0.4)
        -- Best is the own dog's age, or what the wished ages have nearest to it.
        * power(
            1
            + abs(
                p_other.age
                - least(greatest(p_viewer.age, p_viewer.min_age), p_viewer.max_age)
            ) / 8.0::double precision
            + greatest(p_viewer.min_age - p_other.age, p_other.age - p_viewer.max_age, 0),
            -0.25
        )
        -- A wish counts for more than a guess from the own dog.
        * power(
            1 + case
                when p_viewer.wanted_activity is not null
                    then abs(p_other.activity - p_viewer.wanted_activity)
                else 0.4::double precision * abs(p_other.activity - p_viewer.activity)
            end,
            -0.2
        )
        -- As if everyone had kept three of four promises before.
        * power(
            (p_other.completed_sessions + 3.0::double precision)
            / (p_other.completed_sessions + p_other.no_shows + 4),
            0.15
        );
$$;
comment on function private.satisfaction is
'How well the other dog is what the viewer is looking for, at this distance: in 0…1.';

create function private.pair_score(
    p_one private.dog_traits, p_other private.dog_traits, p_metres double precision
)
returns double precision
language sql
immutable
as $$
    select sqrt(
        private.satisfaction(p_one, p_other, p_metres)
        * private.satisfaction(p_other, p_one, p_metres)
    );
$$;
comment on function private.pair_score is
'The geometric mean of what both find in each other: in 0…1, the same both ways, and low if either
would be disappointed.';

create function private.pair_reasons(
    p_viewer private.dog_traits, p_other private.dog_traits, p_metres double precision
)
returns jsonb
language sql
-- Stable, as to_jsonb is: otherwise it is not inlined.
stable
as $$
    -- No reason reveals what the other user is looking for.
    select to_jsonb(array_remove(
        array[
            case when p_metres <= p_viewer.max_metres / 4 then 'nearby' end,
            case when p_metres > p_viewer.max_metres then 'beyond_your_distance' end,
            case when abs(p_other.age - p_viewer.age) <= 1 then 'similar_age' end,
            case
                when p_other.age not between p_viewer.min_age and p_viewer.max_age
                    then 'outside_your_ages'
            end,
            case
                when p_other.activity = p_viewer.wanted_activity then 'wanted_activity'
                when p_other.activity = p_viewer.activity then 'same_activity'
            end,
            case
                when p_other.completed_sessions >= 3
                    and p_other.completed_sessions >= 10 * p_other.no_shows
                    then 'keeps_appointments'
            end
        ],
        null
    ));
$$;
comment on function private.pair_reasons is
'What speaks for the other dog, and which of the viewer''s limits it lies beyond.';

create function private.metres_between(p_one extensions.geography, p_other extensions.geography)
returns double precision
language sql
immutable
as $$
    -- In one order, so that both read the same number.
    select case
        when p_one operator (extensions.<) p_other
            then extensions.st_distance(p_one, p_other, false)
        else extensions.st_distance(p_other, p_one, false)
    end;
$$;

create function private.stage_of_pair(
    p_viewer private.candidates, p_other private.candidates, p_metres double precision
)
returns integer
language sql
immutable
as $$
    -- The other's ages hold in every stage. A distance is wide or far for both alike.
    select case
        when p_viewer.age not between p_other.min_age and p_other.max_age
            or p_other.age not between p_viewer.min_age - 2 and p_viewer.max_age + 2
            then null
        when p_metres <= least(p_viewer.max_metres, p_other.max_metres)
            and p_other.age between p_viewer.min_age and p_viewer.max_age
            then 0
        when p_metres <= 2 * least(p_viewer.max_metres, p_other.max_metres) then 1
        else 2
    end;
$$;
comment on function private.stage_of_pair is
'The first stage in which the viewer sees the other one: 0 as both prefer, 1 wider, 2 anywhere. Null
if in none.';
