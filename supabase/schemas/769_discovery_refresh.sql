create function private.is_list_stale(p_state private.discovery_generations)
returns boolean
language sql
stable
set search_path = ''
as $$
    select p_state.listed_at is null
        or p_state.listed_at < now() - interval '14 minutes'
        or p_state.listed_in < greatest(p_state.returned_in, p_state.changed_in);
$$;

create function public.claim_stale_discovery_lists(p_limit integer)
returns uuid[]
language sql
security definer
set search_path = ''
as $$
    with claimed as (
        update private.discovery_generations as held
        set queued_at = now()
        where held.user_id in (
            select due.user_id
            from private.discovery_generations as due
            where due.seen_at > now() - interval '1 day'
                -- A user who is paging now gets a new list with the next first page; a new one
                -- from here would end the cursor.
                and due.seen_at < now() - interval '10 minutes'
                and private.is_list_stale(due)
                and (due.queued_at is null or due.queued_at < now() - interval '14 minutes')
            order by due.seen_at desc
            limit p_limit
            for update skip locked
        )
        returning held.user_id
    )

    select coalesce(array_agg(claimed.user_id), '{}') from claimed;
$$;
comment on function public.claim_stale_discovery_lists is
'The users who looked for others within a day and whose list is stale, those who were here last
first. Each is claimed for 14 minutes.
Security definer because service_role has no grant on generations.';
grant execute on function public.claim_stale_discovery_lists to service_role;

create function public.refresh_discovery_lists(p_user_ids uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
    v_lists jsonb := jsonb '[]';
begin
    perform private.check_length(cardinality(p_user_ids), 50);
    foreach v_user_id in array p_user_ids loop
        continue when not private.is_published(v_user_id)
            or not private.lock_discovery_list(v_user_id, false)
            or not private.is_list_stale(private.discovery_state(v_user_id));
        v_lists := v_lists || jsonb_build_object(
            'user_id', v_user_id, 'list', private.new_discovery_list(v_user_id)
        );
    end loop;
    return v_lists;
end;
$$;
comment on function public.refresh_discovery_lists is
'New lists for those of these users whose list is still stale and is not being made elsewhere.
Security definer because service_role has no grant on what it reads.';
grant execute on function public.refresh_discovery_lists to service_role;
