-- From meetings with users who have left since.
with known as (
    select
        one.person,
        one.user_id,
        floor(0.5 / (0.05 + pg_temp.draw(one.person, 'meetings')) - 0.9)::integer as meetings
    from people as one
    where pg_temp.in_batch(one.person) and one.published
)

insert into private.past_outcomes (id, user_id, counts_as, counted_at)
select
    md5(concat(known.user_id, meeting.number))::uuid as id,
    known.user_id,
    case
        when pg_temp.draw(known.person + meeting.number, 'missed') < 0.1 then 'no_show'
        else 'completed'
    end as counts_as,
    pg_temp.ago(known.person + meeting.number, 'met', 40, 140) as counted_at
from known
cross join generate_series(1, known.meetings) as meeting (number)
order by known.person;
