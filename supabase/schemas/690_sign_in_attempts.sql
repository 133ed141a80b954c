-- Each attempt to get into an account (docs/decisions/029-accounts.md). A trigger records sessions,
-- whoever opened them; the functions record the rest.

create table private.hash_keys (
    only_row boolean primary key default true,
    hash_key bytea not null,
    constraint hash_keys_one_row check (only_row)
);
comment on table private.hash_keys is
'The key of private.keyed_hash. Without this row no hash can be traced to an address any more.';

alter table private.hash_keys enable row level security;

create function private.hash_key()
returns bytea
language plpgsql
set search_path = ''
as $$
declare
    v_key bytea := (select known.hash_key from private.hash_keys as known);
begin
    if v_key is null then
        -- 244 random bits.
        insert into private.hash_keys (hash_key)
        values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
        on conflict (only_row) do nothing;
        v_key := (select known.hash_key from private.hash_keys as known);
    end if;
    return v_key;
end;
$$;

create function private.keyed_hash(p_text text)
returns text
language sql
set search_path = ''
as $$
    select encode(
        sha256(key.bytes || sha256(key.bytes || convert_to(lower(p_text), 'UTF8'))), 'hex'
    )
    from private.hash_key() as key (bytes);
$$;
comment on function private.keyed_hash is
'A hash of an email or IP address that says nothing without the key; null of null.';

create table private.sign_in_attempts (
    id uuid primary key default gen_random_uuid(),
    kind text not null,
    outcome text not null,
    user_id uuid,
    address_hash text,
    ip_hash text,
    user_agent text,
    -- A short name that other parts rely on. PostgreSQL does not reserve the word.
    at timestamptz not null default now(), -- noqa: RF04
    constraint sign_in_attempts_kind_length check (char_length(kind) <= 40),
    constraint sign_in_attempts_outcome_known check (outcome in ('success', 'failure', 'accepted')),
    constraint sign_in_attempts_user_agent_length check (char_length(user_agent) <= 255)
);
comment on table private.sign_in_attempts is
'Kept for app_settings.attempt_days. Of a deleted account only the hashes are left.';

create index sign_in_attempts_of_user on private.sign_in_attempts (user_id, at desc);
create index sign_in_attempts_at on private.sign_in_attempts (at);
create index sign_in_attempts_of_address on private.sign_in_attempts (address_hash, at);
create index sign_in_attempts_of_network on private.sign_in_attempts (ip_hash, at);

alter table private.sign_in_attempts enable row level security;

create function private.store_attempt(
    p_id uuid,
    p_kind text,
    p_outcome text,
    p_user_id uuid,
    p_address text,
    p_ip text,
    p_user_agent text
)
returns void
language sql
set search_path = ''
as $$
    insert into private.sign_in_attempts (
        id, kind, outcome, user_id, address_hash, ip_hash, user_agent
    )
    values (
        p_id,
        p_kind,
        p_outcome,
        p_user_id,
        private.keyed_hash(p_address),
        private.keyed_hash(p_ip),
        left(nullif(regexp_replace(p_user_agent, '[^ -~]', '', 'g'), ''), 255)
    )
    on conflict (id) do nothing;
$$;

create function private.record_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.store_attempt(
        gen_random_uuid(),
        'sign_in',
        'success',
        account.id,
        account.email,
        host(new.ip),
        left(new.user_agent, 1000)
    )
    from auth.users as account
    where account.id = new.user_id;
    return null;
end;
$$;
comment on function private.record_session is
'Security definer because Supabase Auth stores sessions and has no rights here.';

create trigger record_session
after insert on auth.sessions
for each row execute function private.record_session();

create function private.forget_attempts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    update private.sign_in_attempts as known
    set user_id = null, user_agent = null
    where known.user_id = old.id;
    return null;
end;
$$;
comment on function private.forget_attempts is
'Security definer because Supabase Auth deletes from auth.users and has no rights here.';

create trigger forget_attempts
after delete on auth.users
for each row execute function private.forget_attempts();

create function public.record_attempt(
    p_id uuid,
    p_kind text,
    p_outcome text,
    p_address text,
    p_refresh_token text,
    p_ip text,
    p_user_agent text
)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_most constant integer := 1000;
    v_ip_hash text;
    v_user_id uuid;
begin
    perform private.check_length(char_length(p_address), 254);
    perform private.check_length(char_length(p_ip), 100);
    perform private.check_length(char_length(p_user_agent), 1000);
    if p_refresh_token is null then
        select account.id into v_user_id
        from auth.users as account
        where account.email = p_address and not account.is_sso_user
        -- A deletion at this moment waits, and then forgets this attempt as well.
        for key share;
    else
        select session.user_id into v_user_id
        from auth.refresh_tokens as token
        inner join auth.sessions as session on token.session_id = session.id
        where token.token = p_refresh_token;
    end if;
    v_ip_hash := private.keyed_hash(p_ip);
    -- One network fills no disk. Its attempts beyond these in a day are like those before.
    if v_most > (
        select count(*)
        from (
            select 1 as one
            from private.sign_in_attempts as known
            where known.ip_hash = v_ip_hash and known.at > now() - interval '1 day'
            limit v_most
        ) as counted
    ) then
        perform private.store_attempt(
            p_id, p_kind, p_outcome, v_user_id, p_address, p_ip, p_user_agent
        );
    end if;
    return v_user_id;
end;
$$;
comment on function public.record_attempt is
'Records an attempt once, and returns its user: that of the address, or of the refresh token.
Security definer because service_role has no grant on accounts and attempts.';
grant execute on function public.record_attempt to service_role;

create function public.prune_attempts(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from private.sign_in_attempts as known
    where known.id in (
        select stale.id
        from private.sign_in_attempts as stale
        where stale.at <= now() - make_interval(
            days => (select settings.attempt_days from private.app_settings as settings)
        )
        order by stale.at
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_attempts is
'Deletes up to p_limit attempts that are older than app_settings.attempt_days.
Security definer because service_role has no grant on them.';
grant execute on function public.prune_attempts to service_role;

create function private.sign_ins_json(p_user_id uuid, p_limit integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'at', private.iso_utc(newest.at),
                'outcome', newest.outcome,
                'user_agent', newest.user_agent
            )
            order by newest.at desc
        ),
        '[]'
    )
    from (
        select
            known.at,
            known.outcome,
            known.user_agent
        from private.sign_in_attempts as known
        where known.user_id = p_user_id and known.kind = 'sign_in'
        order by known.at desc
        limit p_limit
    ) as newest;
$$;
comment on function private.sign_ins_json is
'The newest sign-ins of a user, and the attempts that failed.';

create function private.export_sign_ins(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'at', private.iso_utc(known.at),
                'kind', known.kind,
                'outcome', known.outcome,
                'user_agent', known.user_agent
            )
            order by known.at
        ),
        '[]'
    )
    from private.sign_in_attempts as known
    where known.user_id = p_user_id;
$$;
comment on function private.export_sign_ins is
'All recorded attempts on the account of a user.';
