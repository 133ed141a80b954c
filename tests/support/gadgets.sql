-- The schema file of a domain that a test adds to a copy of the repository.
create table public.gadgets (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    repaired_at timestamptz
);
comment on table public.gadgets is 'Things that their user wants to have repaired.';
create index gadgets_of_user on public.gadgets (user_id);
alter table public.gadgets enable row level security;

insert into private.notification_kinds (kind, category, lane, can_wait) values
('gadget_repaired', 'match_notifications', 'bulk', true);

create function public.repair_gadget(p_gadget_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    update public.gadgets set repaired_at = now()
    where gadgets.id = p_gadget_id and gadgets.user_id = v_caller;
    if not found then
        raise exception 'gadget_not_found' using errcode = 'WG001';
    end if;
end;
$$;
comment on function public.repair_gadget is 'Repairs a gadget of the caller.';
grant execute on function public.repair_gadget to authenticated;
