create function private.level_of(p_activity_level text)
returns smallint
language sql
immutable
set search_path = ''
as $$
    select array_position(array['low', 'medium', 'high'], p_activity_level)::smallint;
$$;
comment on function private.level_of is
'An activity level as a number, 1 to 3.';

-- The walk reads thousands of these narrow rows. They change only with traits that others can
-- observe: moving a row changes the order of equal distances, so a user who moves within a cell
-- must not move it.
create table private.candidates (
    user_id uuid primary key references public.dog_profiles (user_id) on delete cascade,
    cell extensions.geography (point, 4326) not null,
    age smallint not null,
    min_age smallint not null,
    max_age smallint not null,
    max_metres double precision not null,
    activity smallint not null,
    wanted_activity smallint
);
comment on table private.candidates is
'The discoverable profiles with what their owners are looking for. Triggers keep it.';

-- The walk reads this index alone.
create index candidates_of_cell on private.candidates (cell)
include (user_id, age, min_age, max_age, max_metres, activity, wanted_activity);

alter table private.candidates enable row level security;

create table private.candidate_cells (
    cell extensions.geography (point, 4326) primary key
);
comment on table private.candidate_cells is
'The cells in which candidates live or have lived. In a city the walk goes from cell to cell a
hundred times faster than from candidate to candidate.';

create index candidate_cells_nearest on private.candidate_cells using gist (cell);

alter table private.candidate_cells enable row level security;

create view private.candidates_by_definition with (security_invoker = true) as
select
    profile.user_id,
    profile.cell,
    profile.age,
    wish.min_age,
    wish.max_age,
    wish.max_metres::double precision as max_metres,
    private.level_of(profile.activity_level) as activity,
    private.level_of(wish.activity_level) as wanted_activity
from public.dog_profiles as profile
cross join lateral private.preferences_of(profile.user_id) as wish
where profile.discoverable;
comment on view private.candidates_by_definition is
'What the table of candidates holds.';

create function private.refresh_candidate(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- Changes of one user take turns, so that the last one sees all others.
    perform
    from public.dog_profiles as profile
    where profile.user_id = p_user_id
    for no key update;
    delete from private.candidates as stored
    using public.dog_profiles as profile
    where stored.user_id = p_user_id
        and profile.user_id = p_user_id
        and not profile.discoverable;
    insert into private.candidate_cells (cell)
    select defined.cell
    from private.candidates_by_definition as defined
    where defined.user_id = p_user_id
    on conflict do nothing;
    insert into private.candidates as stored
    select defined.*
    from private.candidates_by_definition as defined
    where defined.user_id = p_user_id
    on conflict (user_id) do update
        set
            cell = excluded.cell,
            age = excluded.age,
            activity = excluded.activity,
            min_age = excluded.min_age,
            max_age = excluded.max_age,
            max_metres = excluded.max_metres,
            wanted_activity = excluded.wanted_activity
    -- Compared as texts, which differ if any bit of a cell does.
    where stored::text <> excluded::text;
    if found then
        insert into private.exposures (user_id) values (p_user_id) on conflict do nothing;
    end if;
end;
$$;
comment on function private.refresh_candidate is
'Stores what the walk reads of a user, after a change of the profile or of the preferences.';

create function private.refresh_candidate_of_row()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform private.refresh_candidate(new.user_id);
    return null;
end;
$$;

create trigger refresh_candidate_when_added
after insert on public.dog_profiles
for each row when (new.discoverable)
execute function private.refresh_candidate_of_row();

create trigger refresh_candidate_when_changed
after update on public.dog_profiles
for each row when (new.discoverable or old.discoverable)
execute function private.refresh_candidate_of_row();

create trigger refresh_candidate
after insert or update on public.profile_preferences
for each row execute function private.refresh_candidate_of_row();
