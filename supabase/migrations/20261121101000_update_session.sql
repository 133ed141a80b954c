create or replace function private.move_session(p_session_id uuid, p_before timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    update public.wingman_sessions as moved
    set sequence = moved.sequence + 1
    where moved.id = p_session_id
    returning moved.* into v_session;
    perform private.drop_reminders(p_session_id);
    perform private.plan_reminders(v_session);
    return private.announce_session(
        'session_rescheduled',
        v_session,
        jsonb_build_object(
            'previous_time',
            case when v_session.scheduled_time <> p_before then private.iso_utc(p_before) end
        )
    );
end;
$$;
comment on function private.move_session(uuid, timestamptz) is
'Tells both of another time or place, the next revision of the plan, and plans reminders anew.';

create or replace function public.update_session(
    p_session_id uuid,
    p_venue_name text,
    p_scheduled_time timestamptz,
    p_notes text,
    p_changes text[]
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_old constant public.wingman_sessions := private.lock_session(p_session_id, v_caller);
    v_new public.wingman_sessions;
    v_emails jsonb := '[]';
begin
    perform private.check_session_open(v_old);
    update public.wingman_sessions as changed
    set
        venue_name = case
            when 'venue_name' = any(p_changes) then p_venue_name else changed.venue_name
        end,
        scheduled_time = case
            when 'scheduled_time' = any(p_changes) then p_scheduled_time
            else changed.scheduled_time
        end,
        notes = case when 'notes' = any(p_changes) then p_notes else changed.notes end
    where changed.id = p_session_id
    returning changed.* into v_new;

    if (v_new.venue_name, v_new.scheduled_time) <> (v_old.venue_name, v_old.scheduled_time) then
        if v_old.scheduled_time <= now() then
            raise exception 'session_already_started' using errcode = 'WM020';
        end if;
        perform private.check_scheduled_time(v_new.scheduled_time);
        v_emails := private.move_session(p_session_id, v_old.scheduled_time);
    end if;
    return private.session_answer(v_new, '{}', v_emails);
end;
$$;
comment on function public.update_session(uuid, text, timestamptz, text, text[]) is
'Changes those fields of an open session that p_changes names; time and place only before its start.
Security definer because users write no table.';

revoke all on function private.move_session(uuid, timestamptz)
from public, anon, authenticated, service_role;
revoke all on function public.update_session(uuid, text, timestamptz, text, text[])
from public, anon, authenticated, service_role;
grant execute on function public.update_session(uuid, text, timestamptz, text, text[])
to authenticated;
