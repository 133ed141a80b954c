-- A transaction cannot delete an object of the bucket. It records the object here, and the sweep
-- of the next minute deletes it (docs/decisions/032-photos.md).

create table private.doomed_objects (
    -- S3's word. PostgreSQL does not reserve it.
    key text primary key, -- noqa: RF04
    in_bucket boolean not null default true,
    in_cdn boolean not null,
    doomed_at timestamptz not null default clock_timestamp(),
    constraint doomed_objects_key_is_ours check (key ~ '^(incoming|public)/[0-9a-z./]{1,100}$'),
    constraint doomed_objects_somewhere check (in_bucket or in_cdn)
);
comment on table private.doomed_objects is
'Objects that are to be deleted: from the bucket, and then from the CDN.';

create index doomed_objects_by_age on private.doomed_objects (in_bucket, doomed_at);

alter table private.doomed_objects enable row level security;

create function private.doom(p_keys text[], p_in_cdn boolean)
returns void
language sql
set search_path = ''
as $$
    insert into private.doomed_objects as known (key, in_cdn)
    select
        each.key,
        p_in_cdn
    from unnest(p_keys) as each (key)
    order by each.key
    on conflict (key) do update
        set
            in_bucket = true,
            in_cdn = known.in_cdn or excluded.in_cdn,
            doomed_at = excluded.doomed_at;
$$;

create function private.photo_objects(p_path text)
returns text[]
language sql
immutable
set search_path = ''
as $$
    select array[p_path || '/1080.webp', p_path || '/320.webp'];
$$;

create function public.list_doomed_objects(p_in_bucket boolean, p_limit integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'listed_at', clock_timestamp(), 'keys', coalesce(jsonb_agg(oldest.key), '[]'::jsonb)
    )
    from (
        select doomed.key
        from private.doomed_objects as doomed
        where doomed.in_bucket = p_in_bucket
        order by doomed.doomed_at
        limit p_limit
    ) as oldest;
$$;
comment on function public.list_doomed_objects is
'The objects that have waited longest for their deletion: from the bucket, or (not p_in_bucket) from
the CDN. Security definer because service_role has no grant on them.';
grant execute on function public.list_doomed_objects to service_role;

create function public.forget_doomed_objects(
    p_in_bucket boolean, p_keys text[], p_listed_at timestamptz
)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_forgotten integer;
begin
    -- A key that was recorded again has a new object.
    delete from private.doomed_objects as doomed
    where doomed.key = any(p_keys)
        and doomed.doomed_at <= p_listed_at
        and doomed.in_bucket = p_in_bucket
        and not (p_in_bucket and doomed.in_cdn);
    get diagnostics v_forgotten = row_count;
    update private.doomed_objects as doomed
    set in_bucket = false
    where p_in_bucket
        and doomed.key = any(p_keys)
        and doomed.doomed_at <= p_listed_at
        and doomed.in_cdn;
    return v_forgotten;
end;
$$;
comment on function public.forget_doomed_objects is
'Takes note that objects are deleted from the bucket, or (not p_in_bucket) from the CDN, and forgets
those that are in neither. Security definer because service_role has no grant on them.';
grant execute on function public.forget_doomed_objects to service_role;
