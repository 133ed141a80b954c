create table public.meeting_feedback (
    session_id uuid not null references public.wingman_sessions (id) on delete cascade,
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    rating smallint,
    -- `text` names a type.
    body text,
    created_at timestamptz not null default now(),
    primary key (session_id, user_id),
    constraint meeting_feedback_rating_range check (rating between 1 and 5),
    constraint meeting_feedback_body_length check (char_length(body) between 1 and 2000),
    constraint meeting_feedback_says_something check (num_nonnulls(rating, body) > 0)
);
comment on table public.meeting_feedback is
'How a meeting was, in the words of one of the two. The other user never reads it.';

create index meeting_feedback_of_user
on public.meeting_feedback (user_id, created_at desc);

-- No policy and no grant: users read and give feedback through functions.
alter table public.meeting_feedback enable row level security;

create function private.feedback_json(p_feedback public.meeting_feedback)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'session_id', p_feedback.session_id,
        'rating', p_feedback.rating,
        'text', p_feedback.body,
        'created_at', private.iso_utc(p_feedback.created_at)
    );
$$;

create function private.record_feedback(
    p_session public.wingman_sessions, p_user_id uuid, p_rating integer, p_text text
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_feedback public.meeting_feedback;
begin
    if p_session.status not in ('completed', 'no_show', 'expired') then
        raise exception 'session_not_over' using errcode = 'WS012';
    end if;
    insert into public.meeting_feedback as given (session_id, user_id, rating, body)
    values (p_session.id, p_user_id, p_rating, nullif(p_text, ''))
    on conflict do nothing
    returning given.* into v_feedback;
    if v_feedback.session_id is not null then
        return jsonb_build_object(
            'feedback', private.feedback_json(v_feedback), 'replayed', false
        );
    end if;

    select given.* into v_feedback
    from public.meeting_feedback as given
    where given.session_id = p_session.id and given.user_id = p_user_id;
    if (v_feedback.rating, v_feedback.body) is distinct from (p_rating, nullif(p_text, '')) then
        raise exception 'feedback_already_given' using errcode = 'WS013';
    end if;
    return jsonb_build_object('feedback', private.feedback_json(v_feedback), 'replayed', true);
end;
$$;
comment on function private.record_feedback is
'Records what one user says about a meeting that is over. The same again changes nothing, anything
else is refused.';

create function public.give_feedback(p_session_id uuid, p_rating integer, p_text text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_text), 2000);
    return private.record_feedback(
        private.find_session(p_session_id, v_caller), v_caller, p_rating, p_text
    );
end;
$$;
comment on function public.give_feedback is
'Records the caller''s feedback on a session. Security definer because users write no table.';
grant execute on function public.give_feedback to authenticated;

create function public.get_feedback(p_session_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session constant public.wingman_sessions := private.find_session(p_session_id, v_caller);
begin
    return (
        select private.feedback_json(given)
        from public.meeting_feedback as given
        where given.session_id = v_session.id and given.user_id = v_caller
    );
end;
$$;
comment on function public.get_feedback is
'The caller''s own feedback on a session, null if there is none.
Security definer because users have no grant on feedback.';
grant execute on function public.get_feedback to authenticated;

create function private.find_session_of_link(p_session_id uuid, p_user_id uuid)
returns public.wingman_sessions
language plpgsql
stable
set search_path = ''
as $$
declare
    v_session constant public.wingman_sessions := private.find_session(p_session_id, p_user_id);
begin
    if v_session.scheduled_time < now() - interval '30 days' then
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    return v_session;
end;
$$;

create function public.give_feedback_of(
    p_session_id uuid, p_user_id uuid, p_rating integer, p_text text
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    return private.record_feedback(
        private.find_session_of_link(p_session_id, p_user_id), p_user_id, p_rating, p_text
    );
end;
$$;
comment on function public.give_feedback_of is
'Records the feedback of the user named by a signed link, until 30 days after the start.
Security definer because service_role has no grant on sessions and feedback.';
grant execute on function public.give_feedback_of to service_role;

create function public.get_feedback_question_of(p_session_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_session constant public.wingman_sessions := private.find_session_of_link(
        p_session_id, p_user_id
    );
begin
    return jsonb_build_object(
        'partner_name',
        private.display_name(p_user_id, private.partner_of(v_session, p_user_id)),
        'answered', exists (
            select 1
            from public.meeting_feedback as given
            where given.session_id = v_session.id and given.user_id = p_user_id
        )
    );
end;
$$;
comment on function public.get_feedback_question_of is
'The facts of the page that asks for feedback, for the user named by a signed link, until 30 days
after the start. It leaves out an answer, because an email may be forwarded.
Security definer because service_role has no grant on sessions and feedback.';
grant execute on function public.get_feedback_question_of to service_role;

create function private.feedback_of(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(private.feedback_json(given) order by given.created_at desc), '[]'::jsonb
    )
    from public.meeting_feedback as given
    where given.user_id = p_user_id;
$$;

create function private.export_feedback(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select private.feedback_of(p_user_id);
$$;
