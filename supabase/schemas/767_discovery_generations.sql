-- Lists of candidates are cached outside the database, which says whether a list still holds:
-- docs/decisions/039-discovery-cache.md.

create table private.discovery_generations (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    generation bigint not null default 0,
    returned_in bigint not null default 0,
    changed_in bigint not null default 0,
    listed_in bigint not null default 0,
    listed_at timestamptz,
    seen_at timestamptz,
    queued_at timestamptz
);
comment on table private.discovery_generations is
'The changes by which a user''s lists of candidates age. Without a row there was none.';
comment on column private.discovery_generations.generation is
'Raised by each change: a list of an earlier generation may hold users who are no candidates.';
comment on column private.discovery_generations.returned_in is
'The last generation in which someone may have become a candidate again.';
comment on column private.discovery_generations.changed_in is
'The last generation in which the user began to look for others, or from elsewhere.';
comment on column private.discovery_generations.listed_in is
'The generation of the newest list, which was made at `listed_at`.';

create index discovery_generations_by_seen on private.discovery_generations (seen_at);

alter table private.discovery_generations enable row level security;

create type private.discovery_change as enum ('removal', 'return', 'change');

create function private.raise_discovery(p_user_id uuid, p_change private.discovery_change)
returns void
language sql
set search_path = ''
as $$
    -- Nothing for an account that is being deleted.
    insert into private.discovery_generations as held (user_id, generation, returned_in, changed_in)
    select
        profile.id,
        1,
        case p_change when 'return' then 1 else 0 end,
        case p_change when 'change' then 1 else 0 end
    from public.user_profiles as profile
    where profile.id = p_user_id
    on conflict (user_id) do update
    set
        generation = held.generation + 1,
        returned_in = case p_change
            when 'return' then held.generation + 1 else held.returned_in
        end,
        changed_in = case p_change
            when 'change' then held.generation + 1 else held.changed_in
        end;
$$;
comment on function private.raise_discovery is
'Begins a generation of the user''s lists, in the transaction of the change.';

create function private.raise_discovery_of_actor()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if coalesce(new.user_id, old.user_id) = (select auth.uid()) then
        perform private.raise_discovery(
            coalesce(new.user_id, old.user_id),
            case tg_op when 'DELETE' then 'return' else 'removal' end::private.discovery_change
        );
    end if;
    return null;
end;
$$;
comment on function private.raise_discovery_of_actor is
'For a user''s own likes, passes and blocks. A step changes the generation of its user alone: if it
locked those of two users, steps could wait for each other.';

create trigger raise_discovery
after insert or update or delete on public.likes
for each row execute function private.raise_discovery_of_actor();

create trigger raise_discovery
after insert or update or delete on public.passes
for each row execute function private.raise_discovery_of_actor();

create trigger raise_discovery
after insert or update or delete on private.blocks
for each row execute function private.raise_discovery_of_actor();

create function private.raise_discovery_of_owner()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform private.raise_discovery(new.user_id, 'change');
    return null;
end;
$$;

create trigger raise_discovery_when_added
after insert on public.profile_preferences
for each row execute function private.raise_discovery_of_owner();

create trigger raise_discovery_when_changed
after update on public.profile_preferences
for each row when (new.* is distinct from old.*)
execute function private.raise_discovery_of_owner();

create trigger raise_discovery_when_added
after insert on public.dog_profiles
for each row execute function private.raise_discovery_of_owner();

-- The cell and not the place: a step within the cell changes nothing that others could see.
create trigger raise_discovery_when_changed
after update on public.dog_profiles
for each row when (
    (new.cell::text, new.age, new.activity_level, new.visible)
    is distinct from (old.cell::text, old.age, old.activity_level, old.visible)
)
execute function private.raise_discovery_of_owner();

create function private.discovery_state(p_user_id uuid)
returns private.discovery_generations
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select stored.*::private.discovery_generations
            from private.discovery_generations as stored
            where stored.user_id = p_user_id
        ),
        row(p_user_id, 0, 0, 0, 0, null, null, null)::private.discovery_generations
    );
end;
$$;
