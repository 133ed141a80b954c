-- Users call the API, not PostgREST: PostgREST answers them only when the request has the key that
-- our functions send (docs/decisions/022-backend-key.md).

create table private.backend_keys (
    key_hash text primary key,
    accepted_at timestamptz not null default clock_timestamp(),
    constraint backend_keys_sha256 check (key_hash ~ '^[0-9a-f]{64}$')
);
comment on table private.backend_keys is
'SHA-256 of the keys that are accepted: the newest, and the one before it during a rotation.';

alter table private.backend_keys enable row level security;

create function public.check_backend_key()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_headers constant json := nullif(current_setting('request.headers', true), '')::json;
    v_key constant text := coalesce(v_headers ->> 'x-backend-key', '');
begin
    -- service_role is the secret key's own, which already bypasses row-level security.
    if current_setting('role') = 'service_role' then
        return;
    end if;
    perform from private.backend_keys as accepted
    where accepted.key_hash = encode(sha256(convert_to(v_key, 'UTF8')), 'hex');
    if not found then
        raise exception 'backend_key_required' using errcode = 'PT403';
    end if;
end;
$$;
comment on function public.check_backend_key is
'Refuses a request without an accepted key. PostgREST calls it before each request, as the role of
the request. Security definer because users have no grant on the keys.';
grant execute on function public.check_backend_key to anon, authenticated, service_role;

create function public.accept_backend_key(p_key_hash text, p_alone boolean default false)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into private.backend_keys as accepted (key_hash)
    values (p_key_hash)
    on conflict (key_hash) do update set accepted_at = clock_timestamp();
    delete from private.backend_keys as older
    where older.key_hash not in (
        select newest.key_hash
        from private.backend_keys as newest
        order by newest.accepted_at desc
        limit case when p_alone then 1 else 2 end
    );
    return (select count(*)::integer from private.backend_keys);
end;
$$;
comment on function public.accept_backend_key is
'Accepts a key from now on, and the newest of the others unless it is to be alone. Returns how many
keys are accepted. Security definer because service_role has no grant on the keys.';
grant execute on function public.accept_backend_key to service_role;

-- As https://supabase.com/docs/guides/api/securing-your-api has it. By `execute`, because sqlfluff
-- cannot parse a dotted name.
do $role$
begin
    execute 'alter role authenticator set pgrst.db_pre_request = ''public.check_backend_key''';
end;
$role$;
notify pgrst, 'reload config';
