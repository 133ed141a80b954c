create table private.email_events (
    id text primary key,
    received_at timestamptz not null default now(),
    constraint email_events_id_length check (char_length(id) between 1 and 255)
);
comment on table private.email_events is
'Ids of the provider''s events that were recorded: one that comes again changes nothing.';

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
'How much a status says about a mail at the provider. Events come in any order: the highest stays.';

create function public.record_email_event(
    p_event_id text,
    p_status text,
    p_email_id uuid default null,
    p_message_id text default null,
    p_accepted_at timestamptz default null,
    p_error text default null,
    p_suppressed_addresses text[] default '{}',
    p_ends_mail boolean default false
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_mail public.email_logs;
    v_addresses text[] := p_suppressed_addresses;
begin
    insert into private.email_events (id) values (p_event_id) on conflict (id) do nothing;
    if not found then
        return 'repeated';
    end if;

    select mail.* into v_mail from public.email_logs as mail where mail.id = p_email_id;
    if not found then
        select mail.* into v_mail
        from public.email_logs as mail
        where mail.resend_message_id = p_message_id;
    end if;
    if p_ends_mail and v_addresses = '{}' then
        -- Erased mails have none; nobody's is not suppressed.
        v_addresses := array_remove(array[nullif(v_mail.recipient_email, '')], null);
    end if;

    insert into public.email_suppressions as known (address_hash, reason)
    select distinct
        private.address_hash(address),
        p_status
    from unnest(v_addresses) as address
    order by 1
    on conflict (address_hash) do update
        set reason = excluded.reason
        where private.status_rank(known.reason) < private.status_rank(excluded.reason);

    update public.email_logs as mail
    set
        delivery_status = p_status,
        error_message = p_error,
        resend_message_id = coalesce(mail.resend_message_id, p_message_id),
        sent_at = coalesce(mail.sent_at, p_accepted_at)
    where mail.id = v_mail.id
        and private.status_rank(mail.delivery_status) < private.status_rank(p_status);
    return case
        when p_ends_mail and v_addresses = '{}' then 'without_address'
        when found then 'recorded'
        else 'nothing_new'
    end;
end;
$$;
comment on function public.record_email_event is
'Records what the provider tells of a mail, once per event, in any order. p_ends_mail: nothing more
goes to the addresses of the event, or else to the one that its mail went to. The lease stays: a
worker that still holds the mail may add what it knows. Security definer because service_role may
not write suppressions or the ids of events.';
grant execute on function public.record_email_event to service_role;
