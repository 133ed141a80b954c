create function public.record_suppression_event(
    p_event_id text, p_addresses text[], p_reason text, p_happened_at timestamptz
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_at constant timestamptz := coalesce(p_happened_at, now());
    v_address text;
    v_is_new boolean := false;
begin
    insert into private.email_events (id) values (p_event_id) on conflict (id) do nothing;
    if not found then
        return 'repeated';
    end if;
    if p_addresses = '{}' then
        return 'without_address';
    end if;
    if p_reason is not null then
        v_is_new := private.suppress(p_addresses, p_reason, v_at);
    else
        foreach v_address in array p_addresses loop
            v_is_new := private.lift_suppression(v_address, v_at) or v_is_new;
        end loop;
    end if;
    return case when v_is_new then 'recorded' else 'nothing_new' end;
end;
$$;
comment on function public.record_suppression_event is
'Records once that the provider put addresses on its list, for a reason, or took them off it (null).
Security definer because service_role has no grant to write suppressions and event ids.';
grant execute on function public.record_suppression_event to service_role;

create function public.lift_suppression(p_address text)
returns boolean
language sql
security definer
set search_path = ''
as $$
    select private.lift_suppression(p_address, now());
$$;
comment on function public.lift_suppression is
'Lets emails go to an address again, for an operator. False if it was not suppressed.
Security definer because service_role has no grant to write suppressions.';
grant execute on function public.lift_suppression to service_role;

create function public.show_suppression(p_address text)
returns table (reason text, created_at timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        known.reason,
        known.created_at
    from public.email_suppressions as known
    where known.address_hash = private.address_hash(p_address);
$$;
comment on function public.show_suppression is
'Why and since when an address gets no email; no row if it does.';
grant execute on function public.show_suppression to service_role;

create function public.count_suppressions()
returns table (reason text, addresses bigint)
language sql
stable
set search_path = ''
as $$
    select
        known.reason,
        count(*)
    from public.email_suppressions as known
    group by known.reason
    order by known.reason;
$$;
comment on function public.count_suppressions is
'How many addresses are suppressed, by reason.';
grant execute on function public.count_suppressions to service_role;
