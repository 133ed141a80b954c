create table private.email_events (
    id text primary key,
    received_at timestamptz not null default now(),
    constraint email_events_id_length check (char_length(id) between 1 and 255)
);
comment on table private.email_events is
'Ids of the provider''s events that were recorded. A repeated event changes nothing.';

create index email_events_received
on private.email_events (received_at);

alter table private.email_events enable row level security;

create function private.status_rank(p_status text)
returns integer
language sql
immutable
set search_path = ''
as $$
    select case p_status
        when 'sent' then 1
        when 'failed' then 2
        when 'suppressed' then 3
        when 'delivered' then 4
        when 'bounced' then 5
        when 'complained' then 6
        else 0
    end;
$$;
comment on function private.status_rank is
'The rank of a status. Events come in any order, and the status with the highest rank stays.';

create function private.suppress(
    p_addresses text[], p_reason text, p_happened_at timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
    insert into public.email_suppressions as known (address_hash, reason, created_at)
    select distinct
        private.address_hash(address),
        p_reason,
        least(p_happened_at, now())
    from unnest(p_addresses) as address
    where not exists (
        select 1
        from private.lifted_suppressions as lifted
        where lifted.address_hash = private.address_hash(address)
            and lifted.lifted_at >= p_happened_at
    )
    order by 1
    on conflict (address_hash) do update
        set
            reason = case
                when private.status_rank(known.reason) < private.status_rank(excluded.reason)
                    then excluded.reason
                else known.reason
            end,
            created_at = greatest(known.created_at, excluded.created_at);
    return found;
end;
$$;
comment on function private.suppress is
'Suppresses addresses, unless their suppression was lifted after the event.';

create function private.lift_suppression(p_address text, p_at timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
    insert into private.lifted_suppressions as lifted (address_hash, lifted_at)
    values (private.address_hash(p_address), least(p_at, now()))
    on conflict (address_hash) do update
        set lifted_at = greatest(lifted.lifted_at, excluded.lifted_at);
    delete from public.email_suppressions as known
    where known.address_hash = private.address_hash(p_address) and known.created_at <= p_at;
    return found;
end;
$$;
comment on function private.lift_suppression is
'Ends the suppression of an address, unless it is newer.';

create function public.record_email_event(
    p_event_id text,
    p_status text,
    p_email_id uuid default null,
    p_message_id text default null,
    p_accepted_at timestamptz default null,
    p_error text default null,
    p_suppressed_addresses text[] default '{}',
    p_suppress_recipient boolean default false,
    p_happened_at timestamptz default null
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_email public.email_logs;
    v_addresses text[] := p_suppressed_addresses;
begin
    insert into private.email_events (id) values (p_event_id) on conflict (id) do nothing;
    if not found then
        return 'repeated';
    end if;

    select email.* into v_email from public.email_logs as email where email.id = p_email_id;
    if not found then
        select email.* into v_email
        from public.email_logs as email
        where email.resend_message_id = p_message_id;
    end if;
    if p_suppress_recipient and v_addresses = '{}' then
        -- An erased email has no address to suppress.
        v_addresses := array_remove(array[nullif(v_email.recipient_email, '')], null);
    end if;

    perform private.suppress(v_addresses, p_status, coalesce(p_happened_at, now()));
    update public.email_logs as email
    set
        delivery_status = p_status,
        error_message = p_error,
        resend_message_id = coalesce(email.resend_message_id, p_message_id),
        sent_at = coalesce(email.sent_at, p_accepted_at)
    where email.id = v_email.id
        and private.status_rank(email.delivery_status) < private.status_rank(p_status);
    return case
        when p_suppress_recipient and v_addresses = '{}' then 'without_address'
        when found then 'recorded'
        else 'nothing_new'
    end;
end;
$$;
comment on function public.record_email_event is
'Records an event of the provider once, in any order. With p_suppress_recipient it suppresses the
addresses of the event or, if it names none, the address that its email went to. The lease stays,
so a worker that holds the email can still report. Security definer because service_role has no
grant to write suppressions and event ids.';
grant execute on function public.record_email_event to service_role;

create function public.record_email_opened(
    p_event_id text,
    p_email_id uuid default null,
    p_message_id text default null,
    p_opened_at timestamptz default null
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into private.email_events (id) values (p_event_id) on conflict (id) do nothing;
    if not found then
        return 'repeated';
    end if;
    -- An erased email has no address, and keeps no trace of its reader.
    update public.email_logs as email
    set opened_at = coalesce(p_opened_at, now())
    where (email.id = p_email_id or email.resend_message_id = p_message_id)
        and email.recipient_email <> ''
        and (email.opened_at is null or email.opened_at > p_opened_at);
    return case when found then 'recorded' else 'nothing_new' end;
end;
$$;
comment on function public.record_email_opened is
'Records the first time at which an email was opened. Security definer because service_role has no
grant to write event ids.';
grant execute on function public.record_email_opened to service_role;
