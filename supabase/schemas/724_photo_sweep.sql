create function private.settle_photos(p_user_id uuid)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_failed integer;
    v_deleted integer;
begin
    -- Each waits for a worker that is finishing, and then sees what it has done.
    update public.photos as photo
    set status = 'rejected', rejection = 'processing_failed', settled_at = photo.lease_expires_at
    where photo.user_id = p_user_id and private.photo_failed(photo);
    get diagnostics v_failed = row_count;
    delete from public.photos as photo
    where photo.user_id = p_user_id and private.photo_over(photo);
    get diagnostics v_deleted = row_count;
    return v_failed + v_deleted;
end;
$$;
comment on function private.settle_photos is
'Writes down what time has decided about a user''s photos, so that statuses can be counted.';

create function public.settle_photos(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
    v_settled integer := 0;
begin
    for v_user_id in
        select distinct late.user_id
        from (
            select photo.user_id
            from public.photos as photo
            where photo.status <> 'ready'
                and (private.photo_failed(photo) or private.photo_over(photo))
            order by photo.created_at
            limit p_limit
        ) as late
        order by late.user_id
    loop
        v_settled := v_settled + private.settle_photos(v_user_id);
    end loop;
    return v_settled;
end;
$$;
comment on function public.settle_photos is
'Settles photos whose users have not asked since: up to p_limit of them, and the others of their
users. Security definer because service_role has no grant on photos.';
grant execute on function public.settle_photos to service_role;

create table private.photo_walk (
    only_row boolean primary key default true,
    after_key text not null default '',
    constraint photo_walk_one_row check (only_row)
);
comment on table private.photo_walk is
'How far the hourly walk through the bucket has come.';

alter table private.photo_walk enable row level security;

insert into private.photo_walk (only_row) values (true);

create function public.get_photo_walk()
returns text
language sql
stable
security definer
set search_path = ''
as $$
    select walk.after_key from private.photo_walk as walk;
$$;
comment on function public.get_photo_walk is
'The key after which the walk goes on.
Security definer because service_role has no grant on it.';
grant execute on function public.get_photo_walk to service_role;

create function public.unknown_photo_objects(p_keys text[])
returns text[]
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(array_agg(each.key), '{}')
    from unnest(p_keys) as each (key)
    where not exists (
        select from public.photos as photo
        where photo.upload_key = each.key and photo.status = 'pending'
    )
    and not exists (
        select from public.photos as photo
        where photo.object_path
            = substring(each.key from '^(public/[0-9a-f]{32})/(?:1080|320)\.webp$')
    );
$$;
comment on function public.unknown_photo_objects is
'Those of the keys that no photo needs. Security definer because service_role has no grant on
photos.';
grant execute on function public.unknown_photo_objects to service_role;

create function public.save_photo_walk(p_after_key text)
returns void
language sql
security definer
set search_path = ''
as $$
    update private.photo_walk set after_key = p_after_key where only_row;
$$;
comment on function public.save_photo_walk is
'Remembers how far the walk has come. Security definer because service_role has no grant on it.';
grant execute on function public.save_photo_walk to service_role;

create function public.set_photos_url(p_url text)
returns void
language sql
security definer
set search_path = ''
as $$
    update private.app_settings set photos_url = p_url where only_row;
$$;
comment on function public.set_photos_url is
'Says where photos are served: each deployment calls it.
Security definer because service_role has no grant on the settings.';
grant execute on function public.set_photos_url to service_role;

create function public.get_photos_url()
returns text
language sql
stable
security definer
set search_path = ''
as $$
    select settings.photos_url from private.app_settings as settings;
$$;
comment on function public.get_photos_url is
'Where photos are served: for the doctor.
Security definer because service_role has no grant on the settings.';
grant execute on function public.get_photos_url to service_role;
