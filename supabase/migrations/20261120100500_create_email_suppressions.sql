create table if not exists public.email_suppressions (
    address_hash text primary key,
    reason text not null,
    created_at timestamptz not null default now(),
    constraint email_suppressions_sha256 check (address_hash ~ '^[0-9a-f]{64}$')
);
comment on table public.email_suppressions is
'Addresses that bounced or complained, kept as a hash so that they outlive the account.';

alter table public.email_suppressions enable row level security;

revoke all on public.email_suppressions from public, anon, authenticated, service_role;
grant select on public.email_suppressions to service_role;

create or replace function private.address_hash(p_address text)
returns text
language sql
immutable
set search_path = ''
as $$
    select encode(sha256(convert_to(lower(btrim(p_address)), 'UTF8')), 'hex');
$$;
revoke all on function private.address_hash(text) from public, anon, authenticated, service_role;
grant execute on function private.address_hash(text) to service_role;
