create table private.hidden_profiles (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    hidden_at timestamptz not null default now(),
    hidden_by text not null,
    constraint hidden_profiles_by_known check (hidden_by in ('reports', 'operator'))
);
comment on table private.hidden_profiles is
'Users who exist only for themselves and for their matches, until an operator decides otherwise.';

alter table private.hidden_profiles enable row level security;

create function private.is_hidden(p_user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select from private.hidden_profiles as hidden where hidden.user_id = p_user_id
    );
$$;

create function private.is_banned(p_user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from auth.users as account
        where account.id = p_user_id and account.banned_until > now()
    );
$$;
