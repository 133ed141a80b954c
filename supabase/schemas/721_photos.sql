create function private.new_upload_key()
returns text
language sql
volatile
set search_path = ''
as $$
    select 'incoming/' || replace(gen_random_uuid()::text, '-', '');
$$;

create table public.photos (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    sort_order integer not null,
    content_type text not null,
    size_bytes integer not null,
    upload_key text not null default private.new_upload_key(),
    status text not null default 'pending',
    rejection text,
    object_path text,
    width integer,
    height integer,
    placeholder text,
    lease uuid,
    lease_expires_at timestamptz,
    settled_at timestamptz,
    created_at timestamptz not null default now(),
    constraint photos_sort_order unique (user_id, sort_order) deferrable,
    constraint photos_upload_key unique (upload_key),
    constraint photos_content_type_known
    check (content_type in ('image/jpeg', 'image/png', 'image/webp')),
    constraint photos_size check (size_bytes between 1 and 10485760),
    constraint photos_status_known check (status in ('pending', 'ready', 'rejected')),
    constraint photos_rejection_known check (
        rejection in (
            'unsupported_type',
            'too_large',
            'too_many_pixels',
            'bad_dimensions',
            'unreadable',
            'moderation',
            'processing_failed'
        )
    ),
    constraint photos_rejected_for_a_reason check ((status = 'rejected') = (rejection is not null)),
    constraint photos_object_path_form check (object_path ~ '^public/[0-9a-f]{32}$'),
    constraint photos_width_range check (width between 1 and 1080),
    constraint photos_height_range check (height between 1 and 1080),
    constraint photos_placeholder_length check (char_length(placeholder) <= 100),
    constraint photos_ready_is_complete check (
        (status = 'ready') = (num_nonnulls(object_path, width, height, placeholder) = 4)
        and (status = 'ready' or num_nonnulls(object_path, width, height, placeholder) = 0)
    ),
    constraint photos_lease_has_an_end check ((lease is null) = (lease_expires_at is null))
);
comment on table public.photos is
'Photos of users, from the reservation of their upload on. A rejected one stays for a day.';
comment on column public.photos.object_path is
'The folder of its objects in the bucket, public/ and 32 random hexadecimal digits.';

create index photos_to_settle on public.photos (created_at)
where status <> 'ready';
create index photos_object_path on public.photos (object_path);

-- No policy and no grant: users and workers reach photos through functions.
alter table public.photos enable row level security;

create function private.doom_photo_objects()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    if tg_op = 'DELETE' then
        perform private.doom(array[old.upload_key], false) where old.status = 'pending';
        perform private.doom(private.photo_objects(old.object_path), true)
        where old.object_path is not null;
    elsif old.status = 'pending' and new.status <> 'pending' then
        perform private.doom(array[old.upload_key], false);
    end if;
    return null;
end;
$$;
comment on function private.doom_photo_objects is
'No object outlives its purpose: not the upload of a photo that was settled, and nothing of a photo
that was deleted, with its account or alone. Security definer because Supabase Auth deletes accounts
and has no rights here.';

create trigger doom_photo_objects
after update or delete on public.photos
for each row execute function private.doom_photo_objects();

-- Without a search_path, so that PostgreSQL inlines it: lists ask it of each photo.
create function private.photo_failed(p_photo public.photos)
returns boolean
language sql
stable
as $$
    select p_photo.status = 'pending' and coalesce(p_photo.lease_expires_at <= now(), false);
$$;
comment on function private.photo_failed is
'Whether the worker has not finished in its time, so that the photo is rejected.';

create function private.photo_over(p_photo public.photos)
returns boolean
language sql
stable
set search_path = ''
as $$
    select case p_photo.status
        when 'pending' then
            coalesce(
                p_photo.lease_expires_at <= now() - interval '1 day',
                p_photo.created_at <= now() - interval '1 hour'
            )
        when 'rejected' then p_photo.settled_at <= now() - interval '1 day'
        else false
    end;
$$;
comment on function private.photo_over is
'Whether the photo is to be deleted: a reservation after an hour without an upload, a rejected one
after a day.';

-- Inlined, as photo_failed.
create function private.photo_json(p_photo public.photos, p_position bigint, p_photos_url text)
returns jsonb
language sql
stable
as $$
    select jsonb_build_object(
        'id', p_photo.id,
        'status', case when private.photo_failed(p_photo) then 'rejected' else p_photo.status end,
        'position', p_position,
        'url', p_photos_url || '/' || p_photo.object_path || '/1080.webp',
        'thumbnail_url', p_photos_url || '/' || p_photo.object_path || '/320.webp',
        'width', p_photo.width,
        'height', p_photo.height,
        'placeholder', p_photo.placeholder,
        'rejection', case
            when private.photo_failed(p_photo) then 'processing_failed' else p_photo.rejection
        end,
        'created_at', private.iso_utc(p_photo.created_at)
    );
$$;

create function private.photos_url()
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    return (select settings.photos_url from private.app_settings as settings);
end;
$$;

create function private.photos_of(p_user_ids uuid[])
returns table (user_id uuid, photos jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_url constant text := private.photos_url();
begin
    return query
    select
        asked.user_id,
        coalesce(
            (
                select jsonb_agg(
                    private.photo_json(shown.photo, shown.place - 1, v_url) order by shown.place
                )
                from (
                    select
                        photo,
                        row_number() over (order by photo.sort_order) as place
                    from public.photos as photo
                    where photo.user_id = asked.user_id and photo.status = 'ready'
                ) as shown
            ),
            '[]'::jsonb
        )
    from unnest(p_user_ids) as asked (user_id);
end;
$$;
comment on function private.photos_of is
'Users'' photos as others see them: those that are ready, in order.';

create function private.photos_json(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (select found.photos from private.photos_of(array[p_user_id]) as found);
end;
$$;

create function private.own_photos_json(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.photo_json(shown.photo, shown.place - 1, private.photos_url())
            order by shown.place
        ),
        '[]'::jsonb
    )
    from (
        select
            photo,
            row_number() over (order by photo.sort_order) as place
        from public.photos as photo
        where photo.user_id = p_user_id and not private.photo_over(photo)
    ) as shown;
$$;
comment on function private.own_photos_json is
'A user''s photos as the user sees them, with those that are pending or rejected, in order.';

create function private.ready_photos_of(p_user_ids uuid[])
returns table (user_id uuid, ready integer)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        asked.user_id,
        (
            select count(*)::integer
            from public.photos as photo
            where photo.user_id = asked.user_id and photo.status = 'ready'
        )
    from unnest(p_user_ids) as asked (user_id);
end;
$$;

create function private.ready_photos(p_user_id uuid)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
    return (select counted.ready from private.ready_photos_of(array[p_user_id]) as counted);
end;
$$;

create function private.export_photos(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.photo_json(mine.photo, mine.place - 1, private.photos_url())
            || jsonb_build_object(
                'content_type', (mine.photo).content_type, 'size_bytes', (mine.photo).size_bytes
            )
            order by mine.place
        ),
        '[]'::jsonb
    )
    from (
        select
            photo,
            row_number() over (order by photo.sort_order) as place
        from public.photos as photo
        where photo.user_id = p_user_id
    ) as mine;
$$;
comment on function private.export_photos is
'The photos in the export of an account.';
