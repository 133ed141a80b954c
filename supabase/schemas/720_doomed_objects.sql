-- A transaction cannot delete an object of the bucket. It records the object here, and the sweep
-- of the next minute deletes it (docs/decisions/032-photos.md).

create table private.doomed_objects (
    -- S3's word. PostgreSQL does not reserve it.
    key text primary key, -- noqa: RF04
    served boolean not null,
    doomed_at timestamptz not null default clock_timestamp(),
    constraint doomed_objects_key_is_ours check (key ~ '^(incoming|public)/[0-9a-z./]{1,100}$')
);
comment on table private.doomed_objects is
'Objects that are to be deleted from the bucket and, if they were served, from the CDN.';

create index doomed_objects_doomed_at on private.doomed_objects (doomed_at);

alter table private.doomed_objects enable row level security;

create function private.doom(p_keys text[], p_served boolean)
returns void
language sql
set search_path = ''
as $$
    insert into private.doomed_objects as known (key, served)
    select
        each.key,
        p_served
    from unnest(p_keys) as each (key)
    order by each.key
    on conflict (key) do update
        set served = known.served or excluded.served, doomed_at = excluded.doomed_at;
$$;

create function private.photo_objects(p_path text)
returns text[]
language sql
immutable
set search_path = ''
as $$
    select array[p_path || '/1080.webp', p_path || '/320.webp'];
$$;

create function public.list_doomed_objects(p_limit integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'listed_at', clock_timestamp(),
        'keys', coalesce(jsonb_agg(oldest.key), '[]'::jsonb),
        'served', coalesce(jsonb_agg(oldest.key) filter (where oldest.served), '[]'::jsonb)
    )
    from (
        select
            doomed.key,
            doomed.served
        from private.doomed_objects as doomed
        order by doomed.doomed_at
        limit p_limit
    ) as oldest;
$$;
comment on function public.list_doomed_objects is
'The objects that have waited longest for their deletion, and those of them that the CDN may keep.
Security definer because service_role has no grant on them.';
grant execute on function public.list_doomed_objects to service_role;

create function public.forget_doomed_objects(p_keys text[], p_listed_at timestamptz)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_forgotten integer;
begin
    -- A key that was doomed again has a new object.
    delete from private.doomed_objects as doomed
    where doomed.key = any(p_keys) and doomed.doomed_at <= p_listed_at;
    get diagnostics v_forgotten = row_count;
    return v_forgotten;
end;
$$;
comment on function public.forget_doomed_objects is
'Forgets objects that are deleted. Security definer because service_role has no grant on them.';
grant execute on function public.forget_doomed_objects to service_role;
