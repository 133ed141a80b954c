-- Two to six, most often two. Only the rows exist, which discovery reads, not the objects.
with
taken as (
    select
        one.user_id,
        one.person,
        profile.created_at,
        pg_temp.pick(one.person, 'photos', '{2,2,2,2,2,3,3,4,5,6}')::integer as photos
    from people as one
    inner join public.dog_profiles as profile on one.user_id = profile.user_id
    where
        pg_temp.in_batch(one.person)
        and (one.complete or pg_temp.draw(one.person, 'no photos') < 0.5)
),

shot as (
    select
        taken.*,
        number.sort_order,
        -- Ids in the order of the owners' ids.
        concat(
            left(replace(taken.user_id::text, '-', ''), 31), to_hex(number.sort_order)
        ) as digits
    from taken
    cross join generate_series(0, taken.photos - 1) as number (sort_order)
)

insert into public.photos (
    id, user_id, sort_order, content_type, size_bytes, upload_key, status, object_path, width,
    height, placeholder, settled_at, created_at
)
select
    shot.digits::uuid as id,
    shot.user_id,
    shot.sort_order,
    'image/jpeg' as content_type,
    200000 + floor(3000000 * pg_temp.draw(shot.person, 'size'))::integer as size_bytes,
    concat('incoming/', shot.digits) as upload_key,
    'ready' as status,
    concat('public/', shot.digits) as object_path,
    1080 as width,
    810 as height,
    '1QcSHQRnh493V4dIh4eXh1h4kJUI' as placeholder,
    shot.created_at as settled_at,
    shot.created_at
from shot
order by shot.person, shot.sort_order;
