-- A few people swipe thousands of others, most none or one, always in the same city.
with
swiper as (
    select
        one,
        least(
            floor(0.6 / power(1 - pg_temp.draw(one.person, 'swipes'), 0.8)),
            3000,
            (one.neighbours - 1) / 2
        )::integer as swipes
    from people as one
    where pg_temp.in_batch(one.person) and one.published
),

meeting as (
    select
        number.turn,
        (swiper.one).person as person,
        (swiper.one).user_id as user_id,
        (swiper.one).city as city,
        pg_temp.met(swiper.one, number.turn) as neighbour
    from swiper
    cross join generate_series(0, swiper.swipes - 1) as number (turn)
),

swiped as (
    select
        meeting.user_id,
        other.user_id as other_id,
        pg_temp.draw(meeting.person + 7919 * meeting.turn, 'liked') < 0.4 as liked,
        pg_temp.ago(meeting.person + 7919 * meeting.turn, 'swiped', 0, 20) as swiped_at
    from meeting
    inner join people as other
        on meeting.city = other.city and meeting.neighbour = other.neighbour
    where
        other.published
        and not exists (
            select
            from private.blocks as block
            where block.user_id = meeting.user_id and block.blocked_id = other.user_id
        )
        and not exists (
            select
            from private.blocks as block
            where block.user_id = other.user_id and block.blocked_id = meeting.user_id
        )
    order by meeting.user_id, other.user_id
),

likes as (
    insert into public.likes (user_id, liked_id, liked_at)
    select
        swiped.user_id,
        swiped.other_id as liked_id,
        swiped.swiped_at as liked_at
    from swiped
    where swiped.liked
)

insert into public.passes (user_id, passed_id, passed_at, until)
select
    swiped.user_id,
    swiped.other_id as passed_id,
    swiped.swiped_at as passed_at,
    swiped.swiped_at + interval '30 days' as until -- noqa: RF04
from swiped
where not swiped.liked;
