create table public.challenge_submissions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    challenge_id uuid not null references public.challenges (id),
    session_id uuid references public.wingman_sessions (id) on delete set null,
    outcome text not null,
    reflection text,
    created_at timestamptz not null default now(),
    constraint challenge_submissions_outcome_known
    check (outcome in ('done', 'partly', 'not_done')),
    constraint challenge_submissions_reflection_length check (char_length(reflection) <= 2000)
);
comment on table public.challenge_submissions is
'Attempts at challenges. Only their user reads them.';

create index challenge_submissions_of_user
on public.challenge_submissions (user_id, created_at desc, id desc);
create index challenge_submissions_of_session
on public.challenge_submissions (session_id)
where session_id is not null;

-- No policy and no grant: the functions check the window and the caller's account.
alter table public.challenge_submissions enable row level security;

create function private.submission_json(p_submission public.challenge_submissions)
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

create function private.check_submission_window(
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
        raise exception 'not_found' using errcode = 'WC001';
    end if;
    select least(p_window_days, settings.challenge_duration_days) into v_days
    from private.app_settings as settings;
    if now() > p_session.scheduled_time + make_interval(hours => 24 * v_days) then
        raise exception 'submission_window_closed' using errcode = 'WC002';
    end if;
end;
$$;

create function private.check_daily_submissions(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_limit integer;
    v_blocking timestamptz;
begin
    select settings.max_daily_submissions into v_limit from private.app_settings as settings;
    -- Newest first, the new one included. The first one beyond the limit must age out.
    select mine.created_at into v_blocking
    from public.challenge_submissions as mine
    where mine.user_id = p_user_id and mine.created_at > now() - interval '24 hours'
    order by mine.created_at desc, mine.id desc
    offset v_limit
    limit 1;
    if found then
        raise exception 'daily_submission_limit' using
            errcode = 'WC004',
            detail = ceil(extract(epoch from v_blocking + interval '24 hours' - now()));
    end if;
end;
$$;

create function public.submit_challenge(
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
    perform private.check_length(char_length(p_outcome), 20);
    perform private.check_length(char_length(p_reflection), 2000);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    -- Uses of an idempotency key take turns.
    perform private.take_turn_as(v_caller);
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
    perform private.check_daily_submissions(v_caller);
    v_answer := jsonb_build_object('submission', private.submission_json(v_submission));
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.submit_challenge is
'Records an attempt at a challenge that is offered, or at one of a session of the caller until its
window ends. Security definer because users write no table.';
grant execute on function public.submit_challenge to authenticated;

create function public.get_submission(p_submission_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_submission public.challenge_submissions;
begin
    select mine.* into v_submission
    from public.challenge_submissions as mine
    where mine.id = p_submission_id and mine.user_id = v_caller;
    if not found then
        raise exception 'not_found' using errcode = 'WC003';
    end if;
    return private.submission_json(v_submission);
end;
$$;
comment on function public.get_submission is
'One attempt of the caller. Security definer because users have no grant on submissions.';
grant execute on function public.get_submission to authenticated;

create function public.list_submissions(
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
comment on function public.list_submissions is
'The caller''s attempts before the given one, newest first, at most 101.
Security definer because users have no grant on submissions.';
grant execute on function public.list_submissions to authenticated;

create function private.export_submissions(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(private.submission_json(attempt) order by attempt.created_at), '[]'::jsonb
    )
    from public.challenge_submissions as attempt
    where attempt.user_id = p_user_id;
$$;
