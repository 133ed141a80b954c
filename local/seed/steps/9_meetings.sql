-- Two likes make a match.
insert into public.wingman_matches (
    id, user1_id, user2_id, initiator_id, origin, status, created_at, responded_at, expires_at
)
select
    md5(concat(earlier.user_id, earlier.liked_id))::uuid as id,
    earlier.user_id as user1_id,
    earlier.liked_id as user2_id,
    earlier.user_id as initiator_id,
    'mutual_like' as origin,
    'accepted' as status,
    later.liked_at as created_at,
    later.liked_at as responded_at,
    null as expires_at
from people as one
inner join public.likes as earlier on one.user_id = earlier.user_id
inner join public.likes as later
    on earlier.liked_id = later.user_id and earlier.user_id = later.liked_id
where
    pg_temp.in_batch(one.person)
    and (earlier.liked_at, earlier.user_id) < (later.liked_at, later.user_id);

-- Half of the matches that are old enough have met.
with met as (
    select
        pair.*,
        pg_temp.pick(one.person, 'venue', words.venues) as venue_name,
        pg_temp.draw(uuid_hash_extended(pair.id, one.person), 'missed') < 0.1 as missed
    from people as one
    inner join public.wingman_matches as pair on one.user_id = pair.user1_id
    cross join words
    where
        pg_temp.in_batch(one.person)
        and pair.created_at < now() - interval '5 days'
        and pg_temp.draw(uuid_hash_extended(pair.id, one.person), 'met') < 0.5
)

insert into public.wingman_sessions (
    id, match_id, user1_id, user2_id, venue_name, scheduled_time, status,
    user1_completed_confirmed_by_user2, user2_completed_confirmed_by_user1, no_show_user_ids,
    planned_by, completed_at, created_at, updated_at
)
select
    met.id,
    met.id as match_id,
    met.user1_id,
    met.user2_id,
    met.venue_name,
    met.created_at + interval '3 days' as scheduled_time,
    case when met.missed then 'no_show' else 'completed' end as status,
    not met.missed as user1_completed_confirmed_by_user2,
    not met.missed as user2_completed_confirmed_by_user1,
    case when met.missed then array[met.user2_id] else '{}' end as no_show_user_ids,
    met.user1_id as planned_by,
    case when not met.missed then met.created_at + interval '4 days' end as completed_at,
    met.created_at,
    met.created_at + interval '4 days' as updated_at
from met;
