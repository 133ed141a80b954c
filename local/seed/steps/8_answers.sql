-- One of seven likes is returned, unless the liked user has passed.
insert into public.likes (user_id, liked_id, liked_at)
select
    given.liked_id as user_id,
    given.user_id as liked_id,
    given.liked_at + (now() - given.liked_at)
    * pg_temp.draw(uuid_hash_extended(given.liked_id, one.person), 'returned at') as liked_at
from people as one
inner join public.likes as given on one.user_id = given.user_id
where
    pg_temp.in_batch(one.person)
    and pg_temp.draw(uuid_hash_extended(given.liked_id, one.person), 'returned') < 0.15
    and not exists (
        select
        from public.passes as passed
        where passed.user_id = given.liked_id and passed.passed_id = given.user_id
    )
on conflict do nothing;
