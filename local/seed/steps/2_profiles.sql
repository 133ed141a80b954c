-- An incomplete profile has no location. One person of 25 lives far from the city.
with
moved as (
    select
        one.*,
        case
            when pg_temp.draw(one.person, 'rural') < 0.04
                then 30 + 170 * pg_temp.draw(one.person, 'far')
            else (4 + 6 / sqrt(one.city)) * sqrt(-2 * ln(1 - pg_temp.draw(one.person, 'far')))
        end / 111.2 as degrees_away,
        360 * pg_temp.draw(one.person, 'direction') as direction
    from people as one
    where pg_temp.in_batch(one.person)
),

at_home as (
    select
        moved.*,
        home.latitude + moved.degrees_away * cosd(moved.direction) as latitude,
        home.longitude
        + moved.degrees_away * sind(moved.direction) / cosd(home.latitude) as longitude
    from moved
    inner join cities as home on moved.city = home.city
)

insert into public.dog_profiles (
    user_id, display_name, age, bio, activity_level, prompts, visible, discoverable, latitude,
    longitude, located_at, created_at, updated_at
)
select
    one.user_id,
    pg_temp.pick(one.person, 'dog', words.dogs) as display_name,
    floor(15 * power(pg_temp.draw(one.person, 'age'), 1.4))::smallint as age,
    concat_ws(
        ' ',
        pg_temp.pick(one.person, 'manner', words.manners),
        pg_temp.pick(one.person, 'habit', words.habits)
    ) as bio,
    pg_temp.pick(
        one.person, 'activity', '{low,medium,medium,medium,high,high}'
    ) as activity_level,
    case
        when pg_temp.draw(one.person, 'prompts') < 0.6
            then jsonb_build_array(
                jsonb_build_object(
                    'question', pg_temp.pick(one.person, 'question', words.questions),
                    'answer', pg_temp.pick(one.person, 'answer', words.answers)
                )
            )
        else '[]'
    end as prompts,
    one.visible,
    one.published as discoverable,
    case when one.complete then one.latitude end as latitude,
    -- Wraps longitudes at the date line.
    case
        when one.complete then one.longitude - 360 * round(one.longitude / 360)
    end as longitude,
    case when one.complete then pg_temp.ago(one.person, 'account', 0, 400) end as located_at,
    pg_temp.ago(one.person, 'account', 0, 400) as created_at,
    pg_temp.ago(one.person, 'account', 0, 400) as updated_at
from at_home as one
cross join words
order by one.person;

-- A third keep the defaults. The others want dogs of all ages, of their own dog's age, puppies or
-- old dogs; some travel far.
with wish as (
    select
        one.*,
        pg_temp.pick(
            one.person,
            'wish',
            '{none,none,none,none,any,any,own age,own age,own age,young,old,far}'
        ) as kind
    from people as one
    where pg_temp.in_batch(one.person)
)

insert into public.profile_preferences (
    user_id, min_age, max_age, max_metres, distance_unit, activity_level
)
select
    wish.user_id,
    case wish.kind
        when 'own age' then greatest(profile.age - 3, 0)
        when 'old' then 7
        else 0
    end as min_age,
    case wish.kind
        when 'own age' then least(profile.age + 3, 20)
        when 'young' then 4
        else 20
    end as max_age,
    1000 * pg_temp.pick(
        wish.person,
        'distance',
        case wish.kind when 'far' then '{100,200,300,500}' else '{5,10,15,25,40,60}' end::text[]
    )::integer as max_metres,
    'kilometers' as distance_unit,
    case
        when pg_temp.draw(wish.person, 'wished activity') < 0.4 then profile.activity_level
    end as activity_level
from wish
inner join public.dog_profiles as profile on wish.user_id = profile.user_id
where wish.kind <> 'none'
order by wish.person;
