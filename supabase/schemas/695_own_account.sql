-- The caller's own account: docs/decisions/030-own-account.md.

create function private.is_password(p_user_id uuid, p_password text)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
    v_hash text := (
        select account.encrypted_password::text
        from auth.users as account
        where account.id = p_user_id
    );
begin
    -- An account that only a provider such as Google opens has no hash, an imported one may have
    -- another kind. pgcrypto knows the three names of the same bcrypt by one of them.
    if coalesce(v_hash, '') !~ '^[$]2[aby][$]' then
        return false;
    end if;
    v_hash := '$2a$' || substr(v_hash, 5);
    return v_hash = extensions.crypt(p_password, v_hash);
end;
$$;

create function private.record_proof(
    p_user_id uuid, p_kind text, p_is_right boolean, p_ip text, p_user_agent text
)
returns void
language sql
set search_path = ''
as $$
    select private.store_attempt(
        gen_random_uuid(),
        p_kind,
        case when p_is_right then 'success' else 'failure' end,
        account.id,
        account.email,
        p_ip,
        p_user_agent
    )
    from auth.users as account
    where account.id = p_user_id;
$$;

create function private.check_proof(p_password text, p_ip text, p_user_agent text)
returns void
language sql
immutable
set search_path = ''
as $$
    select
        private.check_length(octet_length(p_password), 72),
        private.check_length(char_length(p_ip), 100),
        private.check_length(char_length(p_user_agent), 1000);
$$;

create function public.get_account()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return private.export_account(v_caller)
        || jsonb_build_object('sign_ins', private.sign_ins_json(v_caller, 20));
end;
$$;
comment on function public.get_account is
'The caller''s account and their 20 newest sign-ins.
Security definer because users have no grant on accounts.';
grant execute on function public.get_account to authenticated;

create function public.prove_password(p_password text, p_ip text, p_user_agent text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_is_right boolean;
begin
    perform private.check_proof(p_password, p_ip, p_user_agent);
    v_is_right := private.is_password(v_caller, p_password);
    perform private.record_proof(v_caller, 'password_change', v_is_right, p_ip, p_user_agent);
    return v_is_right;
end;
$$;
comment on function public.prove_password is
'Whether this is the caller''s password, for a change of it. The attempt is recorded, so a wrong
password is an answer and not an error, which would undo the record.
Security definer because users have no grant on accounts.';
grant execute on function public.prove_password to authenticated;

create function private.matches_by_partner(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(jsonb_object_agg(partner.id, partner.match_id), '{}'::jsonb)
    from (
        select
            pair.id as match_id,
            case p_user_id when pair.user1_id then pair.user2_id else pair.user1_id end as id
        from public.wingman_matches as pair
        where p_user_id in (pair.user1_id, pair.user2_id) and pair.status = 'accepted'
    ) as partner;
$$;
comment on function private.matches_by_partner is
'The accepted matches of a user, by the id of the partner.';

create function public.delete_account(p_password text, p_ip text, p_user_agent text)
returns jsonb
language plpgsql
security definer
set search_path = ''
-- PostgREST applies it to the transaction. The role's own limit would keep users with many matches.
set statement_timeout = '15s'
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_is_right boolean;
    v_ended jsonb;
begin
    perform private.check_proof(p_password, p_ip, p_user_agent);
    v_is_right := private.is_password(v_caller, p_password);
    perform private.record_proof(v_caller, 'deletion', v_is_right, p_ip, p_user_agent);
    if not v_is_right then
        return null;
    end if;
    v_ended := private.matches_by_partner(v_caller);
    delete from auth.users as account where account.id = v_caller;
    return jsonb_build_object('ended_matches', v_ended);
end;
$$;
comment on function public.delete_account is
'Deletes the caller''s account, if this is its password; triggers and foreign keys delete the rest.
Returns the matches that ended with it, or null for a wrong password.
Security definer because users have no grant on accounts.';
grant execute on function public.delete_account to authenticated;

create function private.export_account(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', account.id,
        'email', account.email,
        'created_at', private.iso_utc(account.created_at),
        'last_sign_in_at', private.iso_utc(account.last_sign_in_at)
    )
    from auth.users as account
    where account.id = p_user_id;
$$;

create function public.export_account()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_function name;
    v_part jsonb;
    v_parts jsonb := '{}'::jsonb;
begin
    for v_function in
        select part.proname
        from pg_catalog.pg_proc as part
        where part.pronamespace = 'private'::regnamespace
            and starts_with(part.proname::text, 'export_')
            and part.proargtypes = array['uuid'::regtype]::oidvector
            and part.prorettype = 'jsonb'::regtype
        order by part.proname
    loop
        execute format('select private.%I($1)', v_function) into v_part using v_caller;
        v_parts := v_parts
            || jsonb_build_object(substr(v_function, char_length('export_') + 1), v_part);
    end loop;
    return v_parts;
end;
$$;
comment on function public.export_account is
'All data of the caller: a part for each function private.export_<part>, which its domain defines.
Security definer because users have no grant on tables.';
grant execute on function public.export_account to authenticated;
