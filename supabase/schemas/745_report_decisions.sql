-- For operators: make reports.

create function private.decide(p_user_id uuid, p_decision text)
returns void
language sql
set search_path = ''
as $$
    update private.reports as report
    set decision = p_decision, decided_at = now()
    where report.reported_id = p_user_id and report.decision is null;
$$;

create function private.check_user(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- Reports about one user and decisions about them take turns.
    perform pg_advisory_xact_lock(hashtextextended('reports:' || p_user_id::text, 0));
    perform from public.user_profiles as profile where profile.id = p_user_id for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WB006';
    end if;
end;
$$;

create function private.standing_json(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'user_id', p_user_id,
        'hidden_by', (
            select hidden.hidden_by
            from private.hidden_profiles as hidden
            where hidden.user_id = p_user_id
        ),
        'banned', private.is_banned(p_user_id),
        'open_reports', (
            select count(*)
            from private.reports as report
            where report.reported_id = p_user_id and report.decision is null
        ),
        'weight', private.weight_of_reports(p_user_id)
    );
$$;

create function public.list_reports(p_limit integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.standing_json(waiting.reported_id) || jsonb_build_object(
                'id', waiting.id,
                'reason', waiting.reason,
                'counts', waiting.counts,
                'created_at', private.iso_utc(waiting.created_at)
            )
            order by waiting.created_at, waiting.id
        ),
        '[]'::jsonb
    )
    from (
        select report.*
        from private.reports as report
        where report.decision is null
        order by report.created_at, report.id
        limit p_limit
    ) as waiting;
$$;
comment on function public.list_reports is
'The reports that have waited longest for a decision.
Security definer because service_role has no grant on reports.';
grant execute on function public.list_reports to service_role;

create function public.get_report(p_report_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_report private.reports;
begin
    select stored.* into v_report
    from private.reports as stored
    where stored.id = p_report_id;
    if not found then
        raise exception 'not_found' using errcode = 'WB005';
    end if;
    return private.standing_json(v_report.reported_id) || jsonb_build_object(
        'id', v_report.id,
        'reporter_id', v_report.reporter_id,
        'reason', v_report.reason,
        'details', v_report.details,
        'counts', v_report.counts,
        'message_id', v_report.message_id,
        'evidence', v_report.evidence,
        'created_at', private.iso_utc(v_report.created_at),
        'decision', v_report.decision,
        'decided_at', private.iso_utc(v_report.decided_at),
        'profile', private.own_profile_json(v_report.reported_id) - array['location', 'missing'],
        'matches', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'status', private.match_status(pair.*::public.wingman_matches),
                        'note', pair.note,
                        'created_at', private.iso_utc(pair.created_at)
                    )
                    order by pair.created_at
                ),
                '[]'::jsonb
            )
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id)
                = least(v_report.reporter_id, v_report.reported_id)
                and greatest(pair.user1_id, pair.user2_id)
                = greatest(v_report.reporter_id, v_report.reported_id)
        ),
        'messages', private.last_messages(v_report.reporter_id, v_report.reported_id, 20)
    );
end;
$$;
comment on function public.get_report is
'A report with what an operator needs to decide: the profile as it is now, the evidence as it was,
the matches of the two and what they wrote last.
Security definer because service_role has no grant on reports.';
grant execute on function public.get_report to service_role;

create function public.dismiss_report(p_report_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
begin
    select report.reported_id into v_user_id
    from private.reports as report
    where report.id = p_report_id;
    if not found then
        raise exception 'not_found' using errcode = 'WB005';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('reports:' || v_user_id::text, 0));
    update private.reports as report
    set decision = 'dismissed', decided_at = now()
    where report.id = p_report_id and report.decision is null;
    if private.weight_of_reports(v_user_id) < 3 then
        delete from private.hidden_profiles as hidden
        where hidden.user_id = v_user_id and hidden.hidden_by = 'reports';
    end if;
    return private.standing_json(v_user_id);
end;
$$;
comment on function public.dismiss_report is
'Decides that a report is unfounded. A profile that reports have hidden is shown again, unless three
others still count. Security definer because service_role has no grant on reports.';
grant execute on function public.dismiss_report to service_role;

create function public.hide_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    insert into private.hidden_profiles (user_id, hidden_by)
    values (p_user_id, 'operator')
    on conflict (user_id) do update set hidden_by = excluded.hidden_by;
    perform private.part_from_strangers(p_user_id);
    perform private.decide(p_user_id, 'hidden');
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.hide_user is
'Hides a user from all but their matches, and decides the open reports so.
Security definer because service_role has no grant on reports.';
grant execute on function public.hide_user to service_role;

create function public.show_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    delete from private.hidden_profiles as hidden where hidden.user_id = p_user_id;
    perform private.decide(p_user_id, 'dismissed');
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.show_user is
'Shows a hidden user again, and dismisses the open reports, which would hide them again.
Security definer because service_role has no grant on reports.';
grant execute on function public.show_user to service_role;
