-- Users who keep others away, and users whom an operator or reports keep away from all:
-- docs/decisions/037-safety.md.

create table private.blocks (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    -- Any id, so that the answer does not show which users exist.
    blocked_id uuid not null,
    blocked_at timestamptz not null default now(),
    primary key (user_id, blocked_id),
    constraint blocks_two_people check (user_id <> blocked_id)
);
comment on table private.blocks is
'A user and one that the user wants to neither see nor be seen by. It hides both from each other.';

create index blocks_of_blocked on private.blocks (blocked_id);

alter table private.blocks enable row level security;

create function private.are_blocked(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.blocks as block
        where block.user_id = p_user_id and block.blocked_id = p_other_id
    ) or exists (
        select
        from private.blocks as block
        where block.user_id = p_other_id and block.blocked_id = p_user_id
    );
$$;
comment on function private.are_blocked is
'Whether one of two users has blocked the other, either way.';
