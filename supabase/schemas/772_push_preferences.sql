create table private.push_preferences (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    matches boolean not null default true,
    messages boolean not null default true,
    match_ended boolean not null default true,
    sessions boolean not null default true,
    message_previews boolean not null default false
);
comment on table private.push_preferences is
'The pushes that a user wants; without a row, the defaults.';
comment on column private.push_preferences.message_previews is
'Whether a push shows words that another user wrote: it is seen on locked screens.';

alter table private.push_preferences enable row level security;

create function private.push_preferences_of(p_user_id uuid)
returns private.push_preferences
language plpgsql
stable
set search_path = ''
as $$
declare
    v_chosen private.push_preferences;
begin
    select chosen.* into v_chosen
    from private.push_preferences as chosen
    where chosen.user_id = p_user_id;
    if not found then
        v_chosen := row(p_user_id, true, true, true, true, false);
    end if;
    return v_chosen;
end;
$$;

create function public.get_push_preferences()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select to_jsonb(private.push_preferences_of(private.caller_id())) - 'user_id';
$$;
comment on function public.get_push_preferences is
'The pushes that the caller wants. Security definer because users have no grant on them.';
grant execute on function public.get_push_preferences to authenticated;

create function public.update_push_preferences(p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(pg_column_size(p_changes), 1000);
    insert into private.push_preferences (user_id) values (v_caller)
    on conflict (user_id) do nothing;
    -- One statement reads and writes, so simultaneous changes of different fields both hold.
    update private.push_preferences as mine
    set (matches, messages, match_ended, sessions, message_previews) = (
        select
            changed.matches,
            changed.messages,
            changed.match_ended,
            changed.sessions,
            changed.message_previews
        from jsonb_populate_record(mine, jsonb_strip_nulls(p_changes)) as changed
    )
    where mine.user_id = v_caller;
    return to_jsonb(private.push_preferences_of(v_caller)) - 'user_id';
end;
$$;
comment on function public.update_push_preferences is
'Changes the fields that p_changes names and no others.
Security definer because users have no grant on them.';
grant execute on function public.update_push_preferences to authenticated;

create function private.export_push_preferences(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select to_jsonb(private.push_preferences_of(p_user_id)) - 'user_id';
$$;
