create table private.idempotency_keys (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    -- Named like the header. PostgreSQL does not reserve the word.
    key text not null, -- noqa: RF04
    request_hash text not null,
    response jsonb not null,
    created_at timestamptz not null default now(),
    primary key (user_id, key),
    constraint idempotency_keys_length check (char_length(key) <= 255),
    constraint idempotency_keys_hash_length check (char_length(request_hash) <= 64)
);
comment on table private.idempotency_keys is
'The first answers to requests that create something, kept for 24 hours.';

create index idempotency_keys_created_at on private.idempotency_keys (created_at);

alter table private.idempotency_keys enable row level security;

create function private.check_idempotency_key(p_key text, p_hash text)
returns void
language sql
immutable
set search_path = ''
as $$
    select
        private.check_length(char_length(p_key), 255),
        private.check_length(char_length(p_hash), 64);
$$;

create function private.replayed_response(p_user_id uuid, p_key text, p_hash text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_first private.idempotency_keys;
begin
    delete from private.idempotency_keys as stale
    where stale.user_id = p_user_id and stale.created_at <= now() - interval '24 hours';
    select stored.* into v_first
    from private.idempotency_keys as stored
    where stored.user_id = p_user_id and stored.key = p_key;
    if v_first.request_hash <> coalesce(p_hash, '') then
        raise exception 'idempotency_key_reused' using errcode = 'WA002';
    end if;
    return v_first.response;
end;
$$;
comment on function private.replayed_response is
'The first answer under this key, or null. The calling function holds a lock on the user''s profile
row, so a second use of the key waits until the first commits.';

create function private.remember_response(
    p_user_id uuid, p_key text, p_hash text, p_response jsonb
)
returns void
language sql
set search_path = ''
as $$
    insert into private.idempotency_keys (user_id, key, request_hash, response)
    select p_user_id, p_key, coalesce(p_hash, ''), p_response
    where p_key is not null;
$$;
comment on function private.remember_response is
'Keeps the first answer under a key, if there is a key.';

create function public.prune_idempotency_keys(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from private.idempotency_keys as stored
    where (stored.user_id, stored.key) in (
        select
            stale.user_id,
            stale.key
        from private.idempotency_keys as stale
        where stale.created_at <= now() - interval '24 hours'
        order by stale.created_at
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_idempotency_keys is
'Deletes up to p_limit answers older than 24 hours; the next request of the same user would, but may
never come. Security definer because service_role has no grant on them.';
grant execute on function public.prune_idempotency_keys to service_role;
