-- The people to make.

create temporary table people on commit drop as
with born as (
    select
        number.person,
        -- Ascending, so that indexes grow at their end; otherwise meaningless.
        floor(
            (number.person - 1 + pg_temp.draw(number.person, 'id'))
            * 4294967296 / current_setting('seed.profiles')::bigint
        )::bigint as id_begins,
        md5(concat(number.person, ' ', current_setting('seed.seed'))) as id_ends,
        1 + width_bucket(
            pg_temp.draw(number.person, 'city'),
            (select array_agg(known.up_to order by known.city) from cities as known)
        ) as city,
        pg_temp.draw(number.person, 'complete') < 0.94 as complete,
        pg_temp.draw(number.person, 'visible') < 0.96 as visible
    from generate_series(1, current_setting('seed.profiles')::bigint) as number (person)
)

select
    born.person,
    concat(
        lpad(to_hex(born.id_begins), 8, '0'),
        overlay(substr(born.id_ends, 9) placing '4' from 5 for 1)
    )::uuid as user_id,
    born.city,
    born.complete,
    born.visible,
    born.complete and born.visible as published,
    -- The place among the city's published profiles, from 0.
    row_number() over (
        partition by born.city, born.complete and born.visible
        order by born.person
    ) - 1 as neighbour,
    count(*) over (partition by born.city, born.complete and born.visible) as neighbours
from born;

create unique index on people (person);
create unique index on people (city, neighbour) where published;
analyze people;

-- The neighbour whom a person meets at a turn; at each turn it is another one.
create function pg_temp.met(p_one people, p_turn bigint)
returns bigint
language sql
stable
as $$
    select (
        p_one.neighbour + 1 + (
            floor(pg_temp.draw(p_one.person, 'first met') * (p_one.neighbours - 1))::bigint + p_turn
        ) % (p_one.neighbours - 1)
    ) % p_one.neighbours;
$$;
