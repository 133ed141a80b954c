-- An access token outlives its session, because it is checked without a question to Supabase Auth.
-- The end of a session is recorded here, and a mark in Redis then refuses its tokens:
-- docs/decisions/030-own-account.md.

create table private.ended_sessions (
    session_id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    ended_at timestamptz not null default now()
);
comment on table private.ended_sessions is
'Ended sessions of Supabase Auth whose tokens Redis does not refuse yet: for a minute or two.';

create index ended_sessions_of_user on private.ended_sessions (user_id);
create index ended_sessions_ended_at on private.ended_sessions (ended_at);

alter table private.ended_sessions enable row level security;

create function private.record_ended_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- Sessions of a deleted account end with it (private.departures).
    insert into private.ended_sessions (session_id, user_id)
    select
        old.id,
        account.id
    from auth.users as account
    where account.id = old.user_id
    on conflict (session_id) do nothing;
    return null;
end;
$$;
comment on function private.record_ended_session is
'Security definer because Supabase Auth deletes sessions and has no rights here.';

create trigger record_ended_session
after delete on auth.sessions
for each row execute function private.record_ended_session();

create function private.record_revoked_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into private.ended_sessions (session_id, user_id)
    select
        session.id,
        session.user_id
    from auth.sessions as session
    where session.id = new.session_id
        and not exists (
            select 1
            from auth.refresh_tokens as token
            where token.session_id = session.id and token.revoked is not true
        )
    on conflict (session_id) do nothing;
    return null;
end;
$$;
comment on function private.record_revoked_session is
'Supabase Auth answers the reuse of an old refresh token by revoking all of the session, and keeps
the session. Security definer because it has no rights here.';

-- Each refresh revokes a token and stores the next one, so only the end of the transaction shows.
create constraint trigger record_revoked_session
after update on auth.refresh_tokens
deferrable initially deferred
for each row
when (new.revoked and old.revoked is not true)
execute function private.record_revoked_session();

create function private.end_sessions_of_banned()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    delete from auth.sessions as session where session.user_id = new.id;
    return null;
end;
$$;
comment on function private.end_sessions_of_banned is
'Supabase Auth refuses to refresh the tokens of a banned user, and keeps the sessions.
Security definer because an operator may have no rights on them.';

create trigger end_sessions_of_banned
after update of banned_until on auth.users
for each row
when (new.banned_until > now() and new.banned_until is distinct from old.banned_until)
execute function private.end_sessions_of_banned();

create function public.list_own_ended_sessions()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
    select ended.session_id
    from private.ended_sessions as ended
    where ended.user_id = private.caller_id()
    order by ended.ended_at
    limit 1000;
$$;
comment on function public.list_own_ended_sessions is
'The sessions of the caller that ended and whose tokens Redis may not refuse yet.
Security definer because users have no grant on ended_sessions.';
grant execute on function public.list_own_ended_sessions to authenticated;

create function public.list_ended_sessions(p_limit integer, p_user_id uuid default null)
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
    select ended.session_id
    from private.ended_sessions as ended
    where p_user_id is null or ended.user_id = p_user_id
    order by ended.ended_at
    limit p_limit;
$$;
comment on function public.list_ended_sessions is
'Sessions that ended, of one user or of all, whose tokens Redis may not refuse yet.
Security definer because service_role has no grant on ended_sessions.';
grant execute on function public.list_ended_sessions to service_role;

create function public.finish_ended_sessions(p_session_ids uuid[])
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_finished integer;
begin
    delete from private.ended_sessions as ended where ended.session_id = any(p_session_ids);
    get diagnostics v_finished = row_count;
    return v_finished;
end;
$$;
comment on function public.finish_ended_sessions is
'Forgets ended sessions whose tokens Redis refuses.
Security definer because service_role has no grant on ended_sessions.';
grant execute on function public.finish_ended_sessions to service_role;
