create or replace function private.remember_response(
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
comment on function private.remember_response(uuid, text, text, jsonb) is
'Keeps the first answer under a key; whoever replays it enqueues nothing.';
revoke all on function private.remember_response(uuid, text, text, jsonb)
from public, anon, authenticated, service_role;
