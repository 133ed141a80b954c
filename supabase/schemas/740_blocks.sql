-- Users who keep others away, and users whom an operator or reports keep away from all:
-- docs/decisions/037-safety.md.

create table private.blocks (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    -- Any id, so that the answer does not show which users exist.
    blocked_id uuid not null,
    blocked_at timestamptz not null default clock_timestamp(),
    had_contact boolean not null default false,
    listed boolean not null default true,
    primary key (user_id, blocked_id),
    constraint blocks_two_people check (user_id <> blocked_id)
);
comment on table private.blocks is
'A user and one that the user wants to neither see nor be seen by. It hides both from each other.';
comment on column private.blocks.had_contact is
'Whether they had a like or a match before, which the block ended: for the weight of a report.';
comment on column private.blocks.listed is
'False for a new account with the address of a blocked one: the list must not show who came back.';

create index blocks_of_blocked on private.blocks (blocked_id);
create index blocks_listed on private.blocks (user_id, blocked_at desc, blocked_id desc)
where listed;

alter table private.blocks enable row level security;

create table private.blocked_addresses (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    address_hash text not null,
    blocked_at timestamptz not null,
    primary key (user_id, address_hash)
);
comment on table private.blocked_addresses is
'Blocks of accounts that were deleted, for a new account with the same address.';

create index blocked_addresses_of_address on private.blocked_addresses (address_hash);

alter table private.blocked_addresses enable row level security;

create function private.has_blocked(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.blocks as block
        where block.user_id = p_user_id and block.blocked_id = p_other_id
    );
$$;

create function private.are_blocked(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select
        private.has_blocked(p_user_id, p_other_id) or private.has_blocked(p_other_id, p_user_id);
$$;
comment on function private.are_blocked is
'Whether one of two users has blocked the other, either way.';

create function private.remember_blocks()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(old.email);
begin
    insert into private.blocked_addresses (user_id, address_hash, blocked_at)
    select
        block.user_id,
        v_address_hash,
        block.blocked_at
    from private.blocks as block
    where block.blocked_id = old.id
        and old.email_confirmed_at is not null
        and v_address_hash is not null
    on conflict (user_id, address_hash) do nothing;
    -- Cached reputations of blocked users list the users for whom they do not exist.
    update private.departures as departed
    set partner_ids = departed.partner_ids || array(
        select block.user_id from private.blocks as block where block.blocked_id = old.id
        union
        select block.blocked_id from private.blocks as block where block.user_id = old.id
    )
    where departed.user_id = old.id;
    delete from private.blocks as block where block.blocked_id = old.id;
    delete from private.reports as report where report.reported_id = old.id;
    return old;
end;
$$;
comment on function private.remember_blocks is
'A block outlives the blocked account as a hash of its address, of which the account must have shown
that it was its own. Security definer because Supabase Auth deletes accounts and has no rights here.';

-- After record_departure: triggers of one event fire in the order of their names.
create trigger remember_blocks
before delete on auth.users
for each row execute function private.remember_blocks();

create function private.renew_blocks()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(new.email);
begin
    insert into private.blocks (user_id, blocked_id, blocked_at, listed)
    select
        kept.user_id,
        new.id,
        kept.blocked_at,
        false
    from private.blocked_addresses as kept
    where kept.address_hash = v_address_hash and kept.user_id <> new.id
    on conflict (user_id, blocked_id) do nothing;
    return null;
end;
$$;
comment on function private.renew_blocks is
'Security definer because Supabase Auth creates accounts and has no rights here.';

create trigger renew_blocks
after insert or update of email on public.user_profiles
for each row
when (new.email is not null)
execute function private.renew_blocks();

create function private.export_blocks(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'user_id', mine.blocked_id, 'blocked_at', private.iso_utc(mine.blocked_at)
            )
            order by mine.blocked_at, mine.blocked_id
        ),
        '[]'::jsonb
    )
    from private.blocks as mine
    where mine.user_id = p_user_id and mine.listed;
$$;
comment on function private.export_blocks is
'The blocks in the export of an account: those that the user made.';
