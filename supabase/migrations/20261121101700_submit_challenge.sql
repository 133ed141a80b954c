create or replace function private.submission_json(p_submission public.challenge_submissions)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_submission.id,
        'challenge_id', p_submission.challenge_id,
        'session_id', p_submission.session_id,
        'outcome', p_submission.outcome,
        'reflection', p_submission.reflection,
        'created_at', private.iso_utc(p_submission.created_at)
    );
$$;

create or replace function private.check_submission_window(
    p_session public.wingman_sessions, p_challenge_id uuid, p_window_days integer
)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_days integer;
begin
    if (
        p_challenge_id in (p_session.user1_challenge_id, p_session.user2_challenge_id)
    ) is not true then
        raise exception 'not_found' using errcode = 'WM015';
    end if;
    select least(p_window_days, settings.challenge_duration_days) into v_days
    from private.app_settings as settings;
    if now() > p_session.scheduled_time + make_interval(hours => 24 * v_days) then
        raise exception 'submission_window_closed' using errcode = 'WM025';
    end if;
end;
$$;

create or replace function public.submit_challenge(
    p_challenge_id uuid,
    p_session_id uuid,
    p_outcome text,
    p_reflection text,
    p_window_days integer,
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_submission public.challenge_submissions;
    v_answer jsonb;
begin
    -- One use of an idempotency key at a time.
    perform from public.user_profiles where id = v_caller for no key update;
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true}';
    end if;
    if p_session_id is null then
        perform private.check_challenge(p_challenge_id);
    else
        perform private.check_submission_window(
            private.find_session(p_session_id, v_caller), p_challenge_id, p_window_days
        );
    end if;
    insert into public.challenge_submissions as submitted (
        user_id, challenge_id, session_id, outcome, reflection
    )
    values (v_caller, p_challenge_id, p_session_id, p_outcome, p_reflection)
    returning submitted.* into v_submission;
    v_answer := jsonb_build_object('submission', private.submission_json(v_submission));
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.submit_challenge(uuid, uuid, text, text, integer, text, text) is
'Records an attempt at a challenge: one that is offered, or one of a session of the caller until its
window ends. Security definer because users write no table.';

create or replace function public.list_submissions(
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return (
        select coalesce(
            jsonb_agg(
                private.submission_json(page.*::public.challenge_submissions)
                order by page.created_at desc, page.id desc
            ),
            '[]'::jsonb
        )
        from (
            select mine.*
            from public.challenge_submissions as mine
            where mine.user_id = v_caller
                and (mine.created_at, mine.id) < (
                    coalesce(p_before_created_at, 'infinity'),
                    coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                )
            order by mine.created_at desc, mine.id desc
            limit least(greatest(p_limit, 1), 101)
        ) as page
    );
end;
$$;
comment on function public.list_submissions(integer, timestamptz, uuid) is
'The caller''s attempts, newest first, at most 101, from before the given one.
Security definer because users have no grant on submissions.';

revoke all on function private.submission_json(public.challenge_submissions)
from public, anon, authenticated, service_role;
revoke all on function private.check_submission_window(public.wingman_sessions, uuid, integer)
from public, anon, authenticated, service_role;
revoke all on function public.submit_challenge(uuid, uuid, text, text, integer, text, text)
from public, anon, authenticated, service_role;
revoke all on function public.list_submissions(integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
grant execute on function public.submit_challenge(uuid, uuid, text, text, integer, text, text)
to authenticated;
grant execute on function public.list_submissions(integer, timestamptz, uuid) to authenticated;
