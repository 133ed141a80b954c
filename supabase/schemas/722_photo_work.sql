-- Steps of the worker. A photo is worked on once, under a lease; a worker that dies leaves a photo
-- that counts as failed when its lease ends (private.photo_failed).

create function public.claim_photo(p_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_photo public.photos;
begin
    update public.photos as claimed
    set
        lease = gen_random_uuid(),
        lease_expires_at = clock_timestamp() + make_interval(secs => settings.photo_seconds)
    from private.app_settings as settings
    where claimed.upload_key = p_key
        and claimed.status = 'pending'
        and claimed.lease is null
        and claimed.created_at > clock_timestamp() - interval '1 hour'
    returning claimed.* into v_photo;
    if found then
        return jsonb_build_object(
            'id', v_photo.id,
            'lease', v_photo.lease,
            'lease_expires_at', private.iso_utc(v_photo.lease_expires_at),
            'content_type', v_photo.content_type,
            'size_bytes', v_photo.size_bytes
        );
    end if;
    perform private.doom(array[p_key], false)
    where p_key ~ '^incoming/[0-9a-f]{32}$'
        and not exists (
            select from public.photos as busy
            where busy.upload_key = p_key
                and busy.status = 'pending'
                and busy.lease_expires_at > clock_timestamp()
        );
    return null;
end;
$$;
comment on function public.claim_photo is
'Leases the reservation of an upload key to a worker. Null if there is nothing to do: the key is
unknown, its photo is settled or deleted, or another worker has it. The sweep then deletes the object,
unless another worker is reading it; this one deletes nothing.
Security definer because service_role has no grant on photos.';
grant execute on function public.claim_photo to service_role;

create function public.finish_photo(
    p_id uuid,
    p_lease uuid,
    p_path text,
    p_width integer,
    p_height integer,
    p_placeholder text
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- The profile first, as the deletion of the account does: a ready photo may change it.
    perform
    from public.dog_profiles as profile
    where profile.user_id = (select photo.user_id from public.photos as photo where photo.id = p_id)
    for no key update;
    update public.photos as finished
    set
        status = 'ready',
        object_path = p_path,
        width = p_width,
        height = p_height,
        placeholder = p_placeholder,
        settled_at = clock_timestamp()
    where finished.id = p_id
        and finished.lease = p_lease
        and finished.status = 'pending'
        and finished.lease_expires_at > clock_timestamp();
    if found then
        return true;
    end if;
    -- A repeated call, of which the first answer was lost.
    perform from public.photos as finished
    where finished.id = p_id and finished.lease = p_lease and finished.object_path = p_path;
    if found then
        return true;
    end if;
    perform private.doom(private.photo_objects(p_path), false);
    return false;
end;
$$;
comment on function public.finish_photo is
'Publishes a photo whose objects are stored at p_path. False if it was deleted or its lease has
ended: then the objects are deleted by the sweep.
Security definer because service_role has no grant on photos.';
grant execute on function public.finish_photo to service_role;

create function public.reject_photo(p_id uuid, p_lease uuid, p_rejection text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    update public.photos as rejected
    set status = 'rejected', rejection = p_rejection, settled_at = clock_timestamp()
    where rejected.id = p_id
        and rejected.lease = p_lease
        and rejected.status = 'pending'
        and rejected.lease_expires_at > clock_timestamp();
    if found then
        return true;
    end if;
    perform from public.photos as rejected
    where rejected.id = p_id and rejected.lease = p_lease and rejected.rejection = p_rejection;
    return found;
end;
$$;
comment on function public.reject_photo is
'Rejects a photo for one of the reasons of photos_rejection_known. False if it was deleted or its
lease has ended. Security definer because service_role has no grant on photos.';
grant execute on function public.reject_photo to service_role;
