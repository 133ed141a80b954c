-- Temporary: the random draws, and the contents of the files beside this one.

create temporary table cities (
    city integer primary key,
    latitude double precision not null,
    longitude double precision not null,
    -- The share of people in this or a larger city.
    up_to double precision not null
) on commit drop;

-- One row.
create temporary table words (
    owners text[] not null,
    dogs text[] not null,
    manners text[] not null,
    habits text[] not null,
    questions text[] not null,
    answers text[] not null,
    venues text[] not null
) on commit drop;

-- At least 0 and below 1, and always the same for a number, a question and the seed.
create function pg_temp.draw(p_number bigint, p_about text)
returns double precision
language sql
stable
as $$
    select (
        hashint8extended(
            p_number, hashtext(p_about) + 1000003 * current_setting('seed.seed')::bigint
        ) & 4503599627370495
    ) / 4503599627370496.0::double precision;
$$;

create function pg_temp.pick(p_number bigint, p_about text, p_choices text[])
returns text
language sql
stable
as $$
    select p_choices[1 + floor(pg_temp.draw(p_number, p_about) * cardinality(p_choices))::integer];
$$;

create function pg_temp.ago(p_number bigint, p_about text, p_from integer, p_to integer)
returns timestamptz
language sql
stable
as $$
    select now() - interval '1 day' * (p_from + (p_to - p_from) * pg_temp.draw(p_number, p_about));
$$;

create function pg_temp.in_batch(p_person bigint)
returns boolean
language sql
stable
as $$
    select p_person between current_setting('seed.first')::bigint
        and current_setting('seed.last')::bigint;
$$;
