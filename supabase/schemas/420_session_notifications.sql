insert into private.notification_kinds (
    kind, category, lane, can_wait, void_in, tied_to_revision, in_feed, push_category
)
values
(
    'session_scheduled', 'match_notifications', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
(
    'session_rescheduled', 'match_notifications', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
(
    'session_cancelled', 'match_notifications', 'urgent', false,
    '{}', false, true, 'sessions'
),
(
    'session_called_off', 'match_notifications', 'urgent', false,
    '{}', false, true, 'sessions'
),
(
    'session_reminder_24h', 'session_reminders', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
(
    'session_reminder_2h', 'session_reminders', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
-- Recorded as the meeting was completed, so only a later report makes it void.
(
    'session_feedback', 'feedback_requests', 'bulk', true,
    '{cancelled, no_show, expired}', false, true, 'sessions'
);

create function private.notify_of_session(
    p_user_id uuid,
    p_kind text,
    p_session public.wingman_sessions,
    p_more jsonb default '{}',
    p_due_at timestamptz default now()
)
returns jsonb
language sql
set search_path = ''
as $$
    select private.notify(
        p_user_id,
        p_kind,
        p_more || jsonb_build_object(
            'session_id', p_session.id,
            'partner_name',
            private.display_name(p_user_id, private.partner_of(p_session, p_user_id)),
            'venue_name', p_session.venue_name,
            'scheduled_time', private.iso_utc(p_session.scheduled_time)
        ),
        concat_ws(':', p_session.id, p_session.sequence),
        p_match_id => p_session.match_id,
        p_subject_id => p_session.id,
        p_subject_revision => p_session.sequence,
        p_due_at => p_due_at
    );
$$;
comment on function private.notify_of_session is
'Notifies one user of a session, once for each kind and revision of the plan.';

create function private.challenge_words(p_challenge_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        (
            select
                jsonb_build_object(
                    'challenge_title', chosen.title,
                    'challenge_description', chosen.description
                )
            from public.challenges as chosen
            where chosen.id = p_challenge_id
        ),
        '{}'::jsonb
    );
$$;

create function private.announce_session(
    p_kind text, p_session public.wingman_sessions, p_more jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.notify_of_session(
            p_session.user1_id, p_kind, p_session,
            p_more || private.challenge_words(p_session.user1_challenge_id)
        ) || private.notify_of_session(
            p_session.user2_id, p_kind, p_session,
            p_more || private.challenge_words(p_session.user2_challenge_id)
        );
$$;
comment on function private.announce_session is
'Notifies both users of the plan, each with their own challenge.';

create function private.plan_reminders(p_session public.wingman_sessions)
returns void
language sql
set search_path = ''
as $$
    select
        private.notify_of_session(
            person.user_id,
            reminder.kind,
            p_session,
            private.challenge_words(person.challenge_id) - 'challenge_description',
            p_session.scheduled_time - reminder.before
        )
    from (
        values
        ('session_reminder_24h', interval '24 hours'),
        ('session_reminder_2h', interval '2 hours')
    ) as reminder (kind, before)
    cross join (
        values
        (p_session.user1_id, p_session.user1_challenge_id),
        (p_session.user2_id, p_session.user2_challenge_id)
    ) as person (user_id, challenge_id)
    where p_session.scheduled_time - reminder.before > now();
$$;
comment on function private.plan_reminders is
'Records the reminders of both users that are still ahead. They are due hours before the start, not
days, because a day on which clocks change has 23 or 25 hours.';

create function private.drop_reminders(p_session_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- Locks in the order of complete_emails, so that the two cannot deadlock.
    with stale as materialized (
        select email.id
        from public.email_logs as email
        where email.subject_id = p_session_id
            and email.email_template in ('session_reminder_24h', 'session_reminder_2h')
            and email.claimable_at is not null
            and email.send_group is null
        order by email.id
        for update
    )

    update public.email_logs as email
    set
        delivery_status = 'cancelled',
        lease_token = null,
        lease_expires_at = null
    from stale
    where email.id = stale.id;
    delete from public.notifications as planned
    where coalesce(planned.subject_id, planned.match_id) = p_session_id
        and planned.kind in ('session_reminder_24h', 'session_reminder_2h')
        and planned.seq is null;
end;
$$;
comment on function private.drop_reminders is
'Cancels the reminders of a plan that no longer holds, even those that a worker has leased. A
reminder with a send group may be at the provider already, so it cannot be cancelled.';

create function private.ask_for_feedback(p_session public.wingman_sessions)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.notify_of_session(p_session.user1_id, 'session_feedback', p_session)
        || private.notify_of_session(p_session.user2_id, 'session_feedback', p_session);
$$;
