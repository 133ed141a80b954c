insert into private.candidate_cells (cell)
select distinct profile.cell
from people as one
inner join public.dog_profiles as profile on one.user_id = profile.user_id
where pg_temp.in_batch(one.person) and profile.discoverable
on conflict do nothing;

insert into private.candidates (
    user_id, cell, age, min_age, max_age, max_metres, activity, wanted_activity
)
select
    defined.user_id,
    defined.cell,
    defined.age,
    defined.min_age,
    defined.max_age,
    defined.max_metres,
    defined.activity,
    defined.wanted_activity
from private.candidates_by_definition as defined
inner join people as one on defined.user_id = one.user_id
where pg_temp.in_batch(one.person)
order by one.person;

-- Some have been shown hundreds of times, but none today.
insert into private.exposures (user_id, discoverable_since, shown_ever)
select
    known.user_id,
    profile.created_at as discoverable_since,
    floor(400 * power(pg_temp.draw(one.person, 'shown'), 3))::integer as shown_ever
from private.candidates as known
inner join people as one on known.user_id = one.user_id
inner join public.dog_profiles as profile on known.user_id = profile.user_id
where pg_temp.in_batch(one.person)
order by one.person;
