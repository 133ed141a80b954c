-- Some block the last neighbour whom they would meet.
insert into private.blocks (user_id, blocked_id, blocked_at)
select
    one.user_id,
    other.user_id as blocked_id,
    pg_temp.ago(one.person, 'blocked', 0, 20) as blocked_at
from people as one
inner join people as other
    on one.city = other.city and other.neighbour = pg_temp.met(one, one.neighbours - 2)
where
    pg_temp.in_batch(one.person)
    and one.published
    and other.published
    and one.neighbours > 2
    and pg_temp.draw(one.person, 'blocks') < 0.004;
